import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Author",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=100, verbose_name="name")),
            ],
        ),
        migrations.CreateModel(
            name="Book",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(max_length=200, verbose_name="title")),
                (
                    "isbn",
                    models.CharField(
                        blank=True,
                        max_length=13,
                        validators=[django.core.validators.RegexValidator("^(\\d{13})?$")],
                    ),
                ),
                ("price", models.DecimalField(decimal_places=2, default=0, max_digits=7)),
                ("summary", models.TextField(blank=True)),
                ("details", models.JSONField(blank=True, default=dict)),
                ("added", models.DateTimeField(auto_now_add=True)),
                ("authors", models.ManyToManyField(blank=True, to="books.author")),
            ],
            options={
                "verbose_name": "book",
                "verbose_name_plural": "books",
                "ordering": ("pk",),
            },
        ),
    ]
