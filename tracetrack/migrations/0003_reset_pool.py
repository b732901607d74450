"""The right to replace all connections to the database."""

from django.db import migrations

PERMISSIONS = [
    ("view_system", "Can see the figures of the running system"),
    ("clear_cache", "Can drop cached answers"),
    ("reset_pool", "Can have all connections to the database replaced"),
]


class Migration(migrations.Migration):
    dependencies = [("tracetrack", "0002_audit_is_append_only")]

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
    ]
