import django.db.models.deletion
import django.db.models.expressions
import home.fields
import home.models.pages
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('campaigns', '0001_initial'),
        ('campaigns', '0002_lifecycle_and_place'),
        ('campaigns', '0003_richer_rewards'),
        ('campaigns', '0004_dossiers_and_ambassadors'),
        ('campaigns', '0005_adviser_review'),
        ('campaigns', '0007_units_extension_late_and_taxable'),
        ('campaigns', '0008_reason_of_an_extension'),
        ('campaigns', '0009_checked_points'),
        ('campaigns', '0010_terms_version'),
    ]

    dependencies = [
        ('home', '0002_the_house'),
        ('wagtailcore', '0098_apitoken'),
        ('wagtailimages', '0027_image_description'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Reward',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('block_id', models.UUIDField()),
                ('kind', models.CharField(choices=[('reward', 'Reward'), ('addon', 'Add-on')], default='reward', max_length=10, verbose_name='kind')),
                ('position', models.PositiveSmallIntegerField()),
                ('amount', models.PositiveBigIntegerField(verbose_name='amount')),
                ('taxable', models.PositiveBigIntegerField(default=0, verbose_name='taxable part')),
                ('limit', models.PositiveIntegerField(blank=True, null=True, verbose_name='limit')),
                ('sold_late', models.BooleanField(default=False, verbose_name='offered after the end')),
                ('estimated_delivery', models.DateField(verbose_name='estimated delivery')),
                ('handover', models.CharField(choices=[('post', 'By mail'), ('pickup', 'To pick up'), ('nothing', 'Nothing to deliver')], default='post', max_length=10, verbose_name='handover')),
                ('title_fr', models.CharField(blank=True, max_length=160)),
                ('title_en', models.CharField(blank=True, max_length=160)),
                ('description_fr', models.TextField(blank=True)),
                ('description_en', models.TextField(blank=True)),
                ('pickup_place_fr', models.CharField(blank=True, max_length=200)),
                ('pickup_place_en', models.CharField(blank=True, max_length=200)),
                ('pickup_hours_fr', models.CharField(blank=True, max_length=200)),
                ('pickup_hours_en', models.CharField(blank=True, max_length=200)),
                ('available_from', models.DateTimeField(blank=True, null=True)),
                ('available_until', models.DateTimeField(blank=True, null=True)),
                ('frozen_at', models.DateTimeField(blank=True, null=True)),
                ('retired_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'verbose_name': 'reward',
                'verbose_name_plural': 'rewards',
                'ordering': ['position', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Campaign',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('translation_key', models.UUIDField(unique=True)),
                ('state', models.CharField(choices=[('draft', 'Draft'), ('in_review', 'In review'), ('approved', 'Approved'), ('announced', 'Pre-campaign'), ('live', 'Live'), ('closing', 'Closing: the last payments are being awaited'), ('funded', 'Funded'), ('missed', 'Goal not reached'), ('ended', 'Ended'), ('fulfilling', 'Rewards on their way'), ('closed', 'Campaign closed')], default='draft', max_length=10, verbose_name='state')),
                ('funding_model', models.CharField(choices=[('all_or_nothing', 'All or nothing'), ('flexible', 'Flexible')], max_length=20, verbose_name='funding model')),
                ('goal_unit', models.CharField(choices=[('money', 'An amount'), ('units', 'A number of units (presale)')], default='money', max_length=10, verbose_name='goal in')),
                ('goal', models.PositiveBigIntegerField(verbose_name='goal')),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('deadline', models.DateTimeField(verbose_name='deadline')),
                ('first_deadline', models.DateTimeField(blank=True, null=True, verbose_name='first deadline')),
                ('extended_at', models.DateTimeField(blank=True, null=True)),
                ('extension_reason_fr', models.TextField(blank=True)),
                ('extension_reason_en', models.TextField(blank=True)),
                ('suggested_amounts', models.JSONField(blank=True, default=list)),
                ('title_fr', models.CharField(blank=True, max_length=255)),
                ('title_en', models.CharField(blank=True, max_length=255)),
                ('tagline_fr', models.CharField(blank=True, max_length=300)),
                ('tagline_en', models.CharField(blank=True, max_length=300)),
                ('theme', models.CharField(blank=True, choices=[('food', 'Food and agriculture'), ('culture', 'Arts and culture'), ('housing', 'Housing and building'), ('environment', 'Environment and energy'), ('education', 'Education'), ('health', 'Health and care'), ('community', 'Community life'), ('crafts', 'Crafts and manufacturing'), ('technology', 'Technology')], max_length=20, verbose_name='theme')),
                ('place_fr', models.CharField(blank=True, max_length=80)),
                ('place_en', models.CharField(blank=True, max_length=80)),
                ('outcome', models.CharField(blank=True, choices=[('funded', 'Funded'), ('missed', 'Goal not reached'), ('ended', 'Ended')], max_length=10)),
                ('submitted_at', models.DateTimeField(blank=True, null=True)),
                ('approved_at', models.DateTimeField(blank=True, null=True)),
                ('announced_at', models.DateTimeField(blank=True, null=True)),
                ('launch_at', models.DateTimeField(blank=True, null=True)),
                ('launched_at', models.DateTimeField(blank=True, null=True)),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('completed_at', models.DateTimeField(blank=True, null=True)),
                ('pledged_at_deadline', models.PositiveBigIntegerField(blank=True, null=True)),
                ('units_at_deadline', models.PositiveIntegerField(blank=True, null=True)),
                ('backers_at_deadline', models.PositiveIntegerField(blank=True, null=True)),
                ('terms_version', models.PositiveIntegerField(default=0)),
                ('approved_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('cooperative', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='campaigns', to='home.cooperative')),
                ('extended_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('launched_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('source_locale', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='wagtailcore.locale')),
                ('submitted_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'campaign',
                'verbose_name_plural': 'campaigns',
                'indexes': [models.Index(fields=['state', 'deadline'], name='campaign_due')],
            },
        ),
        migrations.CreateModel(
            name='Ambassador',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('code', models.SlugField(max_length=60, verbose_name='code')),
                ('created_at', models.DateTimeField()),
                ('cooperative', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='home.cooperative')),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='ambassadors', to='campaigns.campaign')),
            ],
            options={
                'verbose_name': 'ambassador',
                'verbose_name_plural': 'ambassadors',
                'ordering': ['name', 'id'],
                'constraints': [models.UniqueConstraint(fields=('campaign', 'code'), name='ambassador_code_once')],
            },
        ),
        migrations.CreateModel(
            name='CampaignPage',
            fields=[
                ('page_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to=settings.WAGTAIL_PAGE_MODEL)),
                ('funding_model', models.CharField(choices=[('all_or_nothing', 'All or nothing'), ('flexible', 'Flexible')], default='all_or_nothing', max_length=20, verbose_name='funding model')),
                ('goal_unit', models.CharField(choices=[('money', 'An amount'), ('units', 'A number of units (presale)')], default='money', max_length=10, verbose_name='goal in')),
                ('goal', models.PositiveBigIntegerField(null=True, verbose_name='goal')),
                ('suggested_amounts', models.CharField(blank=True, help_text='For a contribution without reward: up to six whole amounts, for example 10, 25, 50.', max_length=80, verbose_name='suggested amounts')),
                ('end_date', models.DateField(null=True, verbose_name='last day')),
                ('theme', models.CharField(blank=True, choices=[('food', 'Food and agriculture'), ('culture', 'Arts and culture'), ('housing', 'Housing and building'), ('environment', 'Environment and energy'), ('education', 'Education'), ('health', 'Health and care'), ('community', 'Community life'), ('crafts', 'Crafts and manufacturing'), ('technology', 'Technology')], max_length=20, verbose_name='theme')),
                ('body', home.fields.BodyField(verbose_name='page')),
                ('social_image', models.ForeignKey(blank=True, help_text='Shown where the page is shared; without one, a picture with the progress is drawn.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='wagtailimages.image', verbose_name='social image')),
            ],
            options={
                'verbose_name': 'campaign page',
                'verbose_name_plural': 'campaign pages',
            },
            bases=(home.models.pages.KnownWay, 'wagtailcore.page'),
        ),
        migrations.CreateModel(
            name='CheckedPoint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('translation_key', models.UUIDField()),
                ('key', models.UUIDField()),
                ('checked_at', models.DateTimeField()),
                ('checked_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('cooperative', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='home.cooperative')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('cooperative', 'translation_key', 'key'), name='checked_point_once')],
            },
        ),
        migrations.CreateModel(
            name='Dossier',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('translation_key', models.UUIDField(unique=True)),
                ('preview_generation', models.PositiveIntegerField(default=0)),
                ('created_at', models.DateTimeField()),
                ('cooperative', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='home.cooperative')),
            ],
            options={
                'verbose_name': 'dossier',
                'verbose_name_plural': 'dossiers',
            },
        ),
        migrations.CreateModel(
            name='ReviewQuestion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('block_id', models.UUIDField(blank=True, null=True)),
                ('block_label', models.CharField(blank=True, max_length=200)),
                ('text', models.TextField(verbose_name='question')),
                ('answer_by', models.DateField(verbose_name='answer by')),
                ('asked_at', models.DateTimeField()),
                ('answer', models.TextField(blank=True, verbose_name='answer')),
                ('answered_at', models.DateTimeField(blank=True, null=True)),
                ('settled_at', models.DateTimeField(blank=True, null=True)),
                ('answered_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('asked_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('cooperative', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='home.cooperative')),
                ('dossier', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='questions', to='campaigns.dossier')),
                ('settled_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'question',
                'verbose_name_plural': 'questions',
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='RewardStock',
            fields=[
                ('reward', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='stock', serialize=False, to='campaigns.reward')),
                ('limit', models.PositiveIntegerField()),
                ('held', models.PositiveIntegerField(default=0)),
                ('promised', models.PositiveIntegerField(default=0)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('limit__gte', django.db.models.expressions.CombinedExpression(models.F('held'), '+', models.F('promised')))), name='stock_within_limit')],
            },
        ),
        migrations.AddField(
            model_name='reward',
            name='campaign',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rewards', to='campaigns.campaign'),
        ),
        migrations.AddField(
            model_name='reward',
            name='cooperative',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='home.cooperative'),
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
        migrations.CreateModel(
            name='AdviserReview',
            fields=[
                ('task_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='wagtailcore.task')),
                ('cooperative', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='home.cooperative')),
            ],
            options={
                'verbose_name': 'review by an adviser',
                'verbose_name_plural': 'reviews by an adviser',
                'constraints': [models.UniqueConstraint(fields=('cooperative',), name='review_once_per_cooperative')],
            },
            bases=('wagtailcore.task',),
        ),
        migrations.AddConstraint(
            model_name='reward',
            constraint=models.UniqueConstraint(fields=('campaign', 'block_id'), name='reward_once_per_block'),
        ),
    ]
