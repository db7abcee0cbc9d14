"""Two cooperatives with their teams and their accounts at the double; printed as JSON for the journeys."""

import json
import os

import django

django.setup()

from home.models import Role  # noqa: E402
from tests.factories.cooperatives import make_cooperative, make_user  # noqa: E402
from tests.stripe_double import Double  # noqa: E402


def main():
    port = int(os.environ["PORT"])
    double = Double(port + 1, None)
    seeded = {}
    for slug, name in (("meule", "La Meule commune"), ("large", "Le Large")):
        cooperative = make_cooperative(slug, name)
        cooperative.site.port = port
        cooperative.site.save()
        double.open_account(cooperative)
        for role in Role:
            make_user(cooperative, role)
        home = cooperative.site.root_page
        seeded[slug] = {"account": cooperative.stripe_account, "home": home.pk}
    print(json.dumps(seeded))


if __name__ == "__main__":
    main()
