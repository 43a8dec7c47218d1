// How to get to each kind of page. A visit returns the status of the page it ends on.

// The sign-in page, begun at the sample application.
export async function signIn(page, { base, realm }) {
  const response = await page.goto(`${base}/sample/${realm}/sign-in`);
  return response.status();
}

// Fills the form in and sends it; the status of what comes at the end of the redirects.
export async function submit(page, username, password) {
  await page.getByLabel('User name').fill(username);
  await page.getByLabel('Password').fill(password);
  return press(page, 'Sign in');
}

// Fills the form for a new password in and sends it.
export async function change(page, current, fresh, again = fresh) {
  await page.getByLabel('Current password').fill(current);
  await page.getByLabel('New password', { exact: true }).fill(fresh);
  await page.getByLabel('New password again').fill(again);
  return press(page, /^Change password/);
}

// Presses a button; the status of what comes at the end of the redirects.
export async function press(page, name) {
  const answer = page.waitForResponse((response) => response.request().isNavigationRequest() && !isRedirect(response));
  await page.getByRole('button', { name }).first().click();
  const response = await answer;
  await page.waitForLoadState();
  return response.status();
}

// Signs in to the account page of the realm `staff`, in front of a directory that is written to.
export async function account(page, { writable }, username = 'ada') {
  await address(page, `${writable}/realms/staff/account`);
  return submit(page, username, `Pw-${username}`);
}

function isRedirect(response) {
  return response.status() >= 300 && response.status() < 400;
}

async function address(page, url) {
  return (await page.goto(url)).status();
}

// An authorization request that is right but for what is changed.
export function request({ base, realm, client = 'cli' }, changed = {}) {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: client,
    redirect_uri: 'http://127.0.0.1:49152/callback',
    scope: 'openid',
    state: 'state',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
    ...changed,
  });
  return `${base}/realms/${realm}/protocol/openid-connect/auth?${query}`;
}

export const PAGES = {
  'start': (page, { base }) => address(page, `${base}/`),
  'sign-in': (page, settings) => signIn(page, settings),
  'sign-in-hint': (page, { base, realm }) => address(page, `${base}/sample/${realm}/sign-in?user=grace`),
  'sign-in-refused': async (page, settings) => {
    await signIn(page, settings);
    // A name of its own each time: after a few tries on one name the sign-in waits.
    return submit(page, `nobody-${Math.random().toString(36).slice(2)}`, 'wrong');
  },
  'signed-in': async (page, settings) => {
    await signIn(page, settings);
    return submit(page, settings.username, settings.password);
  },
  'error-client': (page, settings) => address(page, request(settings, { client_id: 'nobody' })),
  'error-redirect': (page, settings) => address(page, request(settings, { redirect_uri: 'https://evil.example/' })),
  'error-expired': (page, { base, realm }) => address(page, `${base}/realms/${realm}/login-actions/authenticate/over`),
  'error-forged': async (page, settings) => {
    await signIn(page, settings);
    // What a form of another site would send; the page itself has no script that could do it.
    await page.locator('input[name=csrf]').evaluate((field) => { field.value = 'forged'; });
    return submit(page, settings.username, settings.password);
  },
  'error-throttled': async (page, settings) => {
    await signIn(page, settings);
    for (let tries = 0; tries < 10; tries += 1) {
      const status = await submit(page, 'stubborn', 'wrong');
      if (status !== 401) return status;
    }
    return 401;
  },
  'error-not-found': (page, { base }) => address(page, `${base}/no/such/page`),
  'new-password': (page, settings) => account(page, settings, 'edsger'),
  'new-password-refused': async (page, settings) => {
    await account(page, settings, 'edsger');
    return change(page, 'Pw-edsger', 'short');
  },
  'account': (page, settings) => account(page, settings),
  'account-refused': async (page, settings) => {
    await account(page, settings);
    return change(page, 'Pw-ada', 'one', 'another');
  },
  'account-done': async (page, settings) => {
    await account(page, settings);
    return address(page, `${page.url()}?done=password`);
  },
  'signed-out': async (page, settings) => {
    await account(page, settings);
    return press(page, 'Sign out');
  },
  'sample-forgotten': (page, { base }) => address(page, `${base}/sample/signed-in`),
};
