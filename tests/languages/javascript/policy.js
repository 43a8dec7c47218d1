// A vendor policy in JavaScript: people of inetOrgPerson with a name and an address, as little as the suites
// need to see that such a policy is admitted and signs somebody in.

const ID = 'javascript';

// Attributes, and the claims that they become.
const CLAIMS = new Map([
  ['givenName', 'given_name'],
  ['sn', 'family_name'],
  ['mail', 'email'],
]);

const decoder = new TextDecoder();

export const vendor = {
  describe() {
    return {
      id: ID,
      aliases: [],
      title: 'A policy in JavaScript',
      version: '1.0.0',
      settings: [],
      kinds: [],
    };
  },

  translate(federation) {
    if (federation.mappers.length > 0) {
      throw [{ field: 'mapper', message: 'this policy knows no mappers; remove them' }];
    }
    return {
      usernameAttribute: federation.usernameAttribute ?? 'uid',
      rdnAttribute: 'uid',
      stableId: { attribute: 'entryUUID', form: 'uuid' },
      userObjectClasses: ['inetOrgPerson'],
      loginFilter: '(uid={username})',
      usersFilter: '(uid=*)',
      attributes: ['uid', 'entryUUID', ...CLAIMS.keys()],
      shared: [],
      bindControls: [],
      passwordControls: [],
      passwordWrite: { tag: 'refused' },
      writes: [],
      groupForm: 'name',
      claims: [...CLAIMS.values()],
      mappers: [],
      memo: new Uint8Array(),
      notes: [],
      more: [],
    };
  },

  decide(context, persons) {
    return persons.map(({ entry, reply }) => step(entry, reply, context.now));
  },
};

function step(entry, reply, now) {
  if (reply !== undefined && reply.resultCode !== 0) {
    const rejection = { reason: { tag: 'bad-credentials' }, until: undefined, passwordWasRight: false };
    return { tag: 'rejected', val: rejection };
  }
  const username = text(entry, 'uid');
  if (username === undefined) {
    const problem = { field: 'uid', message: 'the entry has no user name; give it one' };
    return { tag: 'failed', val: problem };
  }
  const claims = [];
  for (const [attribute, name] of CLAIMS) {
    const value = text(entry, attribute);
    if (value !== undefined) claims.push({ name, value: { tag: 'text', val: value } });
  }
  const identity = {
    username,
    claims,
    groups: [],
    roles: [],
    bars: [],
    notices: [],
    changedAt: now,
    more: [],
  };
  return { tag: 'identified', val: identity };
}

// The smallest value of an attribute that is not blank: values have no order.
function text({ attributes }, name) {
  const found = attributes.find((each) => each.name.toLowerCase() === name.toLowerCase());
  const texts = (found?.values ?? []).map((octets) => decoder.decode(octets).trim());
  return texts.filter((each) => each !== '').sort()[0];
}
