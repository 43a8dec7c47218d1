"""A vendor policy in Python: people of inetOrgPerson with a name and an address, as little as the suites
need to see that such a policy is admitted and signs somebody in."""

from componentize_py_types import Err
from wit_world import exports
from wit_world.imports import types

ID = "python"

# Attributes, and the claims that they become.
CLAIMS = {"givenName": "given_name", "sn": "family_name", "mail": "email"}


class Vendor(exports.Vendor):
    def describe(self):
        return types.Description(
            id=ID,
            aliases=[],
            title="A policy in Python",
            version="1.0.0",
            settings=[],
            kinds=[],
        )

    def translate(self, federation):
        if federation.mappers:
            raise Err([types.Problem("mapper", "this policy knows no mappers; remove them")])
        return types.Plan(
            username_attribute=federation.username_attribute or "uid",
            rdn_attribute="uid",
            stable_id=types.StableId(attribute="entryUUID", form=types.IdForm.UUID),
            user_object_classes=["inetOrgPerson"],
            login_filter="(uid={username})",
            users_filter="(uid=*)",
            attributes=["uid", "entryUUID", *CLAIMS],
            shared=[],
            bind_controls=[],
            password_controls=[],
            password_write=types.PasswordWrite_Refused(),
            writes=[],
            group_form=types.GroupForm.NAME,
            claims=list(CLAIMS.values()),
            mappers=[],
            memo=b"",
            notes=[],
            more=[],
        )

    def decide(self, context, persons):
        return [step(person, context.now) for person in persons]


def step(person, now):
    if person.reply is not None and person.reply.result_code != 0:
        return types.Step_Rejected(
            types.Rejection(
                reason=types.Refusal_BadCredentials(), until=None, password_was_right=False
            )
        )
    username = text(person.entry, "uid")
    if username is None:
        return types.Step_Failed(
            types.Problem("uid", "the entry has no user name; give it one")
        )
    values = ((name, text(person.entry, attribute)) for attribute, name in CLAIMS.items())
    claims = [
        types.Claim(name, types.ClaimValue_Text(value)) for name, value in values if value
    ]
    return types.Step_Identified(
        types.Identity(
            username=username,
            claims=claims,
            groups=[],
            roles=[],
            bars=[],
            notices=[],
            changed_at=now,
            more=[],
        )
    )


def text(entry, name):
    """The smallest value of an attribute that is not blank: values have no order."""
    for attribute in entry.attributes:
        if attribute.name.lower() == name.lower():
            texts = (value.decode("utf-8", "ignore").strip() for value in attribute.values)
            return min((each for each in texts if each), default=None)
    return None
