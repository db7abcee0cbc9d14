import django.db.models.deletion
import home.fields
import home.models.pages
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('updates', '0001_initial'),
        ('updates', '0002_audiences_mailings_and_questions'),
        ('updates', '0003_acts_on_mailings'),
        ('updates', '0004_questions_latest_first'),
    ]

    initial = True

    dependencies = [
        ('campaigns', '0001_terms'),
        ('home', '0002_the_house'),
        ('pledges', '0001_money'),
        ('wagtailcore', '0098_apitoken'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='UpdatePage',
            fields=[
                ('page_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to=settings.WAGTAIL_PAGE_MODEL)),
                ('summary', models.CharField(help_text='One or two sentences, for the feed and the top of the mail.', max_length=300, verbose_name='summary')),
                ('body', home.fields.BodyField(verbose_name='page')),
                ('audience', models.CharField(choices=[('public', 'Everyone'), ('backers', 'Backers of the campaign only'), ('tiers', 'Backers of some rewards only')], default='public', max_length=8, verbose_name='who may read it')),
                ('tiers', models.JSONField(blank=True, default=list, verbose_name='rewards')),
                ('public_on', models.DateField(blank=True, help_text='Empty: it stays as it is.', null=True, verbose_name='opens to everyone on')),
            ],
            options={
                'verbose_name': 'update',
                'verbose_name_plural': 'updates',
            },
            bases=(home.models.pages.KnownWay, 'wagtailcore.page'),
        ),
        migrations.CreateModel(
            name='DelayNotice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('block_id', models.UUIDField()),
                ('month', models.DateField(verbose_name='new month')),
                ('pledged_before', models.DateField(blank=True, null=True, verbose_name='contributions made before')),
                ('next_news_on', models.DateField(verbose_name='next news by')),
                ('reason_fr', models.TextField(blank=True)),
                ('reason_en', models.TextField(blank=True)),
                ('next_steps_fr', models.TextField(blank=True)),
                ('next_steps_en', models.TextField(blank=True)),
                ('announced_at', models.DateTimeField()),
                ('announced_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='delay_notices', to='campaigns.campaign')),
                ('cooperative', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='home.cooperative')),
                ('rewards', models.ManyToManyField(related_name='delay_notices', to='campaigns.reward')),
            ],
            options={
                'verbose_name': 'delay notice',
            },
        ),
        migrations.CreateModel(
            name='Mailing',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('news', 'News'), ('delay', 'Delay notice')], max_length=6, verbose_name='kind')),
                ('state', models.CharField(choices=[('freezing', 'Writing the list'), ('sending', 'Being sent'), ('paused', 'Paused'), ('done', 'Sent'), ('cancelled', 'Cancelled')], default='freezing', max_length=10, verbose_name='state')),
                ('missing_language', models.CharField(choices=[('none', 'Both texts were there'), ('wait', 'Wait for the translation'), ('send_other', 'Send the other language with a note')], default='none', max_length=10)),
                ('send_at', models.DateTimeField(blank=True, null=True, verbose_name='leaves at')),
                ('pause_reason', models.CharField(blank=True, choices=[('', 'Not paused'), ('person', 'Paused by someone of the team'), ('bounces', 'Too many addresses refused'), ('complaints', 'Too many complaints')], default='', max_length=12)),
                ('paused_at', models.DateTimeField(blank=True, null=True)),
                ('cancelled_at', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField()),
                ('done_at', models.DateTimeField(blank=True, null=True)),
                ('cancelled_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('cooperative', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='home.cooperative')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('paused_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'mailing',
            },
        ),
        migrations.CreateModel(
            name='MailingAct',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('act', models.CharField(choices=[('paused', 'Paused'), ('resumed', 'Resumed'), ('cancelled', 'What had not left was cancelled'), ('rescheduled', 'Another time was set'), ('text_came', 'The text in the readers’ language is online'), ('with_note', 'The other language is sent with a note'), ('waiting_off', 'Whoever waited for the text gets nothing'), ('doubt_left', 'An email in doubt: it had left'), ('doubt_again', 'An email in doubt: it had not left, and leaves again')], max_length=12)),
                ('at', models.DateTimeField()),
                ('detail', models.CharField(blank=True, max_length=100)),
                ('tried', models.PositiveIntegerField(default=0)),
                ('bounced', models.PositiveIntegerField(default=0)),
                ('complained', models.PositiveIntegerField(default=0)),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('cooperative', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='home.cooperative')),
                ('mailing', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='acts', to='updates.mailing')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='NoticePromise',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('notice', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='written', to='updates.delaynotice')),
                ('promise', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='notice_link', to='pledges.datepromise')),
            ],
        ),
        migrations.CreateModel(
            name='Update',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('translation_key', models.UUIDField(unique=True)),
                ('number', models.PositiveIntegerField(verbose_name='number')),
                ('title_fr', models.CharField(blank=True, max_length=255)),
                ('title_en', models.CharField(blank=True, max_length=255)),
                ('published_at', models.DateTimeField()),
                ('audience', models.CharField(choices=[('public', 'Everyone'), ('backers', 'Backers of the campaign only'), ('tiers', 'Backers of some rewards only')], default='public', max_length=8)),
                ('public_on', models.DateField(blank=True, null=True, verbose_name='opens to everyone on')),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='updates', to='campaigns.campaign')),
                ('cooperative', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='home.cooperative')),
                ('tiers', models.ManyToManyField(blank=True, related_name='+', to='campaigns.reward')),
            ],
            options={
                'verbose_name': 'update',
                'constraints': [models.UniqueConstraint(fields=('campaign', 'number'), name='update_number_once')],
            },
        ),
        migrations.CreateModel(
            name='ReaderQuestion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('language', models.CharField(choices=[('fr', 'français'), ('en', 'English')], max_length=2)),
                ('text', models.TextField(max_length=1000, verbose_name='your question')),
                ('state', models.CharField(choices=[('waiting', 'To answer'), ('answered', 'Answered'), ('closed', 'Closed without an answer')], default='waiting', max_length=10, verbose_name='state')),
                ('asked_at', models.DateTimeField()),
                ('answer', models.TextField(blank=True, max_length=2000, verbose_name='answer')),
                ('answered_at', models.DateTimeField(blank=True, null=True)),
                ('shown', models.BooleanField(default=False, verbose_name='show the question and its answer under the update')),
                ('answered_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('backer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='home.backer')),
                ('cooperative', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='home.cooperative')),
                ('update', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='questions', to='updates.update')),
            ],
            options={
                'verbose_name': 'question',
                'verbose_name_plural': 'questions received',
                'indexes': [models.Index(fields=['cooperative', '-asked_at', '-id'], name='question_latest'), models.Index(condition=models.Q(('state', 'waiting')), fields=['cooperative', 'asked_at', 'id'], name='question_waiting')],
            },
        ),
        migrations.AddField(
            model_name='mailing',
            name='update',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='mailings', to='updates.update'),
        ),
        migrations.AddField(
            model_name='delaynotice',
            name='update',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='delay_notices', to='updates.update'),
        ),
        migrations.CreateModel(
            name='Correction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('language', models.CharField(choices=[('fr', 'français'), ('en', 'English')], max_length=2)),
                ('made_at', models.DateTimeField()),
                ('passages', models.JSONField(default=list)),
                ('cooperative', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='home.cooperative')),
                ('made_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('update', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='corrections', to='updates.update')),
            ],
            options={
                'verbose_name': 'correction',
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='CoachingDraft',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('occasion', models.CharField(max_length=40)),
                ('page_key', models.UUIDField(verbose_name='translation key of its pages')),
                ('made_at', models.DateTimeField()),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='coaching_drafts', to='campaigns.campaign')),
                ('cooperative', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='home.cooperative')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('campaign', 'occasion'), name='coaching_draft_once')],
            },
        ),
        migrations.AddConstraint(
            model_name='delaynotice',
            constraint=models.UniqueConstraint(fields=('update', 'block_id'), name='notice_once_per_block'),
        ),
    ]
