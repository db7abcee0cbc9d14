import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def keep_outcomes(apps, schema_editor):
    """A campaign already decided keeps its outcome in the field that now says it."""
    decided = apps.get_model("campaigns", "Campaign").objects.filter(state__in=["funded", "missed", "ended"])
    decided.update(outcome=models.F("state"))


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0001_initial'),
        ('home', '0004_cooperatives_listed_and_approving'),
        ('wagtailimages', '0027_image_description'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='campaign',
            name='announced_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='campaign',
            name='approved_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='campaign',
            name='approved_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='campaign',
            name='completed_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='campaign',
            name='launch_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='campaign',
            name='launched_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='campaign',
            name='outcome',
            field=models.CharField(blank=True, choices=[('funded', 'Funded'), ('missed', 'Goal not reached'), ('ended', 'Ended')], max_length=10),
        ),
        migrations.AddField(
            model_name='campaign',
            name='place_en',
            field=models.CharField(blank=True, max_length=80),
        ),
        migrations.AddField(
            model_name='campaign',
            name='place_fr',
            field=models.CharField(blank=True, max_length=80),
        ),
        migrations.AddField(
            model_name='campaign',
            name='submitted_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='campaign',
            name='submitted_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='campaign',
            name='theme',
            field=models.CharField(blank=True, choices=[('food', 'Food and agriculture'), ('culture', 'Arts and culture'), ('housing', 'Housing and building'), ('environment', 'Environment and energy'), ('education', 'Education'), ('health', 'Health and care'), ('community', 'Community life'), ('crafts', 'Crafts and manufacturing'), ('technology', 'Technology')], max_length=20, verbose_name='theme'),
        ),
        migrations.AddField(
            model_name='campaignpage',
            name='social_image',
            field=models.ForeignKey(blank=True, help_text='Shown where the page is shared; without one, a picture with the progress is drawn.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='wagtailimages.image', verbose_name='social image'),
        ),
        migrations.AddField(
            model_name='campaignpage',
            name='theme',
            field=models.CharField(blank=True, choices=[('food', 'Food and agriculture'), ('culture', 'Arts and culture'), ('housing', 'Housing and building'), ('environment', 'Environment and energy'), ('education', 'Education'), ('health', 'Health and care'), ('community', 'Community life'), ('crafts', 'Crafts and manufacturing'), ('technology', 'Technology')], max_length=20, verbose_name='theme'),
        ),
        migrations.AlterField(
            model_name='campaign',
            name='state',
            field=models.CharField(choices=[('draft', 'Draft'), ('in_review', 'In review'), ('approved', 'Approved'), ('announced', 'Pre-campaign'), ('live', 'Live'), ('closing', 'Closing: the last payments are being awaited'), ('funded', 'Funded'), ('missed', 'Goal not reached'), ('ended', 'Ended'), ('fulfilling', 'Rewards on their way'), ('closed', 'Campaign closed')], default='draft', max_length=10, verbose_name='state'),
        ),
        migrations.RunPython(keep_outcomes, migrations.RunPython.noop),
    ]
