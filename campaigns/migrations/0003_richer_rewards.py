import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0002_lifecycle_and_place'),
        ('home', '0004_cooperatives_listed_and_approving'),
        ('wagtailimages', '0027_image_description'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='reward',
            name='available_from',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='reward',
            name='available_until',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='reward',
            name='kind',
            field=models.CharField(choices=[('reward', 'Reward'), ('addon', 'Add-on')], default='reward', max_length=10, verbose_name='kind'),
        ),
        migrations.AddField(
            model_name='reward',
            name='pickup_hours_en',
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddField(
            model_name='reward',
            name='pickup_hours_fr',
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddField(
            model_name='reward',
            name='pickup_place_en',
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddField(
            model_name='reward',
            name='pickup_place_fr',
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.CreateModel(
            name='RewardPostage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('zone', models.CharField(choices=[('quebec', 'Québec'), ('canada', 'elsewhere in Canada'), ('us', 'United States'), ('world', 'other countries')], max_length=10, verbose_name='zone')),
                ('price', models.PositiveBigIntegerField(verbose_name='price')),
                ('reward', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='postage', to='campaigns.reward')),
            ],
            options={
                'ordering': ['id'],
                'constraints': [models.UniqueConstraint(fields=('reward', 'zone'), name='postage_once_per_zone')],
            },
        ),
        migrations.CreateModel(
            name='RewardVariant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('block_id', models.UUIDField()),
                ('position', models.PositiveSmallIntegerField()),
                ('label_fr', models.CharField(blank=True, max_length=80)),
                ('label_en', models.CharField(blank=True, max_length=80)),
                ('retired_at', models.DateTimeField(blank=True, null=True)),
                ('reward', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='variants', to='campaigns.reward')),
            ],
            options={
                'ordering': ['position', 'id'],
                'constraints': [models.UniqueConstraint(fields=('reward', 'block_id'), name='variant_once_per_block')],
            },
        ),
    ]
