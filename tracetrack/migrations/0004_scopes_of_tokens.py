"""What a token is good for; those that there were keep what they could do."""

import django.contrib.postgres.fields
from django.db import migrations, models

SCOPES = ["read", "scan", "manage"]
PERMISSIONS = [
    ("view_system", "Can see the figures of the running system"),
    ("clear_cache", "Can drop cached answers"),
    ("reset_pool", "Can have all connections to the database replaced"),
    ("view_own_tokens", "Can see its own tokens"),
    ("change_own_tokens", "Can make, rotate and revoke its own tokens"),
]


class Migration(migrations.Migration):
    dependencies = [("tracetrack", "0003_reset_pool")]

    operations = [
        migrations.AlterModelOptions(
            name="user",
            options={
                "default_permissions": ("add", "change", "view"),
                "permissions": PERMISSIONS,
                "verbose_name": "user",
                "verbose_name_plural": "users",
            },
        ),
        migrations.AddField(
            model_name="apitoken",
            name="scopes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(
                    choices=[("read", "Read"), ("scan", "Scan"), ("manage", "Manage")],
                    max_length=16,
                ),
                default=SCOPES,
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="apitoken",
            name="read_only",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="apitoken",
            name="networks",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=43), blank=True, default=list
            ),
        ),
        migrations.AddConstraint(
            model_name="apitoken",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("scopes__contained_by", SCOPES),
                    ("scopes__len__gt", 0),
                ),
                name="api_token_scopes_are_known",
            ),
        ),
    ]
