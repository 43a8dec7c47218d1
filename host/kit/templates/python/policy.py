"""A mapper policy: any federation can name the kind `{name}` in its list of mappers, whatever its vendor:

    [[federations.mapper]]
    name = "initial"
    kind = "{name}"
    ldap_attribute = "sn"
    claim = "initial"

This one gives the first letter of an attribute. What the values are is written in wit/types.wit.
"""

import json

from componentize_py_types import Err, Ok
from wit_world import exports
from wit_world.imports import types

VERSION = "0.1.0"


class ClaimMapper(exports.ClaimMapper):
    def describe(self):
        """Says what this policy is: its id is the kind that it answers to."""
        claim = types.OptionHelp(
            name="claim",
            about="the claim's name; by itself the mapper's",
            preset=None,
            choices=[],
        )
        return types.Description(
            id="{name}", aliases=[], title="{name}", version=VERSION, settings=[claim], kinds=[]
        )

    def check(self, mapper):
        """Checks a mapper as the operator wrote it. What is raised is the list of everything that is wrong."""
        if not mapper.ldap_attribute:
            wrong = types.Problem("ldap_attribute", "it is missing; name an attribute, such as sn")
            raise Err([wrong])
        claim = next((s.value for s in mapper.settings if s.name == "claim"), mapper.name)
        memo = json.dumps([mapper.ldap_attribute, claim]).encode()
        return self.plan([mapper.ldap_attribute], [claim], memo)

    def plan(self, attributes, claims, memo):
        from wit_world.exports import claim_mapper

        return claim_mapper.MapperPlan(attributes, claims, memo, [])

    def adjust(self, memo, now, candidates):
        """One result for each person, in order."""
        attribute, claim = json.loads(memo)
        return [Ok(adjust(attribute, claim, each.entry)) for each in candidates]


def adjust(attribute, claim, entry):
    from wit_world.exports import claim_mapper

    text = value(entry, attribute)
    if not text:
        return []
    letter = types.ClaimValue_Text(text[0].upper())
    return [claim_mapper.Adjustment_SetClaim(types.Claim(claim, letter))]


def value(entry, name):
    """The first value of an attribute, as text; attributes' names compare without regard to case."""
    for attribute in entry.attributes:
        if attribute.name.lower() == name.lower():
            return attribute.values[0].decode("utf-8", "replace")
    return None
