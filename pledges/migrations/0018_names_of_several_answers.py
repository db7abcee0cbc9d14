from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("pledges", "0017_email_changes")]

    operations = [
        migrations.AlterModelOptions(
            name="problem",
            options={"verbose_name": "problem reported", "verbose_name_plural": "problems reported"},
        ),
        migrations.AlterModelOptions(
            name="refundrequest",
            options={"verbose_name": "refund request", "verbose_name_plural": "refund requests"},
        ),
    ]
