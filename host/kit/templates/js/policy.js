// A mapper policy: any federation can name the kind `{name}` in its list of mappers, whatever its vendor:
//
//   [[federations.mapper]]
//   name = "initial"
//   kind = "{name}"
//   ldap_attribute = "sn"
//   claim = "initial"
//
// This one gives the first letter of an attribute. What the values are is written in wit/types.wit.

const VERSION = '0.1.0';

export const claimMapper = {
  // Says what this policy is: its id is the kind that it answers to.
  describe() {
    const settings = [
      {
        name: 'claim',
        about: "the claim's name; by itself the mapper's",
        preset: undefined,
        choices: [],
      },
    ];
    return { id: '{name}', aliases: [], title: '{name}', version: VERSION, settings, kinds: [] };
  },

  // Checks a mapper as the operator wrote it. What is thrown is the list of everything that is wrong.
  check(mapper) {
    const attribute = mapper.ldapAttribute;
    if (!attribute) {
      throw [{ field: 'ldap_attribute', message: 'it is missing; name an attribute, such as sn' }];
    }
    const claim = mapper.settings.find(({ name }) => name === 'claim')?.value ?? mapper.name;
    const memo = new TextEncoder().encode(JSON.stringify({ attribute, claim }));
    return { attributes: [attribute], claims: [claim], memo, notes: [] };
  },

  // One result for each person, in order.
  adjust(memo, now, candidates) {
    const rule = JSON.parse(new TextDecoder().decode(memo));
    return candidates.map((candidate) => ({ tag: 'ok', val: adjust(rule, candidate) }));
  },
};

function adjust(rule, { entry }) {
  const text = value(entry, rule.attribute);
  const letter = text === undefined ? undefined : [...text][0];
  if (letter === undefined) return [];
  const claim = { name: rule.claim, value: { tag: 'text', val: letter.toUpperCase() } };
  return [{ tag: 'set-claim', val: claim }];
}

// The first value of an attribute, as text; attributes' names compare without regard to case.
function value(entry, name) {
  const found = entry.attributes.find((each) => each.name.toLowerCase() === name.toLowerCase());
  return found === undefined ? undefined : new TextDecoder().decode(found.values[0]);
}
