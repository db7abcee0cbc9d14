"""What an operator types to open a cooperative."""

ORDER = {
    "slug": "anse",
    "name": "L’Anse aux courges",
    "host": "anse.localhost",
    "port": "80",
    "tagline_fr": "Des courges, ensemble.",
    "tagline_en": "Squash, together.",
    "legal_name": "L’Anse aux courges, coopérative de solidarité",
    "registration_number": "1177 000 999",
    "address": "12, rang Deux\\nSaint-Aurèle (Québec)  G0L 0X0",
    "phone": "418 555-0199",
    "contact_email": "bonjour@anse.example",
    "privacy_officer": "Rose <Lavallée>",
    "sender_email": "nouvelles@anse.example",
    "statement_descriptor": "ANSE AUX COURGES",
    "owner_email": "direction@anse.example",
}

NAMES = {
    "registration_number": "neq",
    "contact_email": "contact",
    "sender_email": "sender",
    "owner_email": "owner",
    "commission_basis_points": "commission",
}


def options(**changes):
    """The order as the command's options, without what is None."""
    wanted = {name: value for name, value in (ORDER | changes).items() if value is not None}
    return [f"--{NAMES.get(name, name).replace('_', '-')}={value}" for name, value in wanted.items()]
