from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("home", "0012_stopped_batches")]

    operations = [
        migrations.AlterModelOptions(
            name="backer",
            options={"verbose_name": "backer", "verbose_name_plural": "backers"},
        ),
        migrations.AlterModelOptions(
            name="outgoingmail",
            options={"verbose_name": "email", "verbose_name_plural": "emails"},
        ),
    ]
