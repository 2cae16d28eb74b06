// An OpenID Connect provider that is right by itself and wrong on request.
//
//   node provider.mjs KEY.pem CERTIFICATE.pem
//
// prints one line, the address of its desk. `GET /new?redirect=..&logout=..&back=..` at the desk opens an issuer on a port
// of its own and answers with its address. Whoever signs in as `ada~CASE` gets an answer with the fault CASE, and nobody
// else does, so that tests need not wait for each other. What concerns an issuer as a whole is set with `GET /set?..` at it.

import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { SignJWT, decodeJwt, exportJWK, generateKeyPair, importJWK } from 'jose';
import Provider from 'oidc-provider';

// Whoever started it reads one line and no more.
console.info = console.error;
const [keyFile, certificateFile] = process.argv.slice(2);
const tls = { key: readFileSync(keyFile), cert: readFileSync(certificateFile) };
const CLIENT = 'parvis';
const SECRET = 'a secret that nobody guesses, +%&= and all';
const LOGOUT = 'http://schemas.openid.net/event/backchannel-logout';

async function newKey(kid, alg = 'RS256') {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return { ...(await exportJWK(privateKey)), kid, alg, use: 'sig' };
}
const keys = {
  first: await newKey('first'),
  second: await newKey('second'),
  stranger: await newKey('stranger'),
  curve: await newKey('curve', 'ES256'),
};
const publicPart = ({ d, p, q, dp, dq, qi, ...rest }) => rest;

// Invented people. `mfa` says that they show a second factor.
const people = {
  ada: {
    name: 'Ada Zahra', email: 'ada@uni.example', email_verified: true, groups: ['parvis-admins'], mfa: true,
    eduperson_principal_name: 'ada@uni.example', eduperson_scoped_affiliation: ['staff@uni.example', 'member@uni.example'],
  },
  bob: { name: 'Bob Ouédraogo', groups: ['porters', 'Staff of the library'], eduperson_principal_name: 'bob@uni.example' },
  eve: { name: 'Eve', groups: ['nothing of ours'], eduperson_scoped_affiliation: ['staff@other.example'], eduperson_principal_name: 'ada@other.example' },
  guest: { name: 'Guest' },
  many: { name: 'In many groups', _claim_names: { groups: 'src1' }, _claim_sources: { src1: { endpoint: 'https://graph.example' } } },
};
// What people are in now, where a test changed it.
const changed = new Map();
const person = (id) => ({ ...people[id.split('~')[0].split('+')[0]], ...changed.get(id) });
const faultOf = (id) => (id && id.includes('~') ? id.slice(id.indexOf('~') + 1) : 'none');

function open({ redirect, logout, back, method }) {
  return new Promise((resolve) => {
    const state = { signing: keys.first, published: [keys.first], discovery: '', jwks: '', iss: 'yes', served: { jwks: 0, discovery: 0, token: 0, userinfo: 0 }, lastBackChannel: null };
    const server = https.createServer(tls);
    server.listen(0, '127.0.0.1', () => {
      const issuer = `https://127.0.0.1:${server.address().port}`;
      server.on('request', answering(issuer, state, provider(issuer, state, { redirect, logout, back, method })));
      resolve(issuer);
    });
  });
}

function provider(issuer, state, { redirect, logout, back, method }) {
  const made = new Provider(issuer, {
    jwks: { keys: [keys.first] },
    clients: [{
      client_id: CLIENT, client_secret: SECRET, redirect_uris: [redirect], post_logout_redirect_uris: [logout],
      backchannel_logout_uri: back, backchannel_logout_session_required: true,
      grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'], token_endpoint_auth_method: method,
    }],
    scopes: ['openid', 'profile', 'email', 'eduperson', 'offline_access'],
    claims: {
      openid: ['sub'], profile: ['name'], email: ['email', 'email_verified'],
      eduperson: ['groups', 'eduperson_principal_name', 'eduperson_scoped_affiliation', '_claim_names', '_claim_sources'],
    },
    cookies: { keys: ['only for tests'] },
    features: { devInteractions: { enabled: true }, backchannelLogout: { enabled: true }, rpInitiatedLogout: { enabled: true } },
    pkce: { required: () => true },
    issueRefreshToken: async () => true,
    // It refuses to call this machine, and has its own idea of connections: tests live here.
    fetch: (url, { dispatcher, ...options }) => globalThis.fetch(url, options),
    async findAccount(_, id) {
      const { mfa, ...claims } = person(id);
      return { accountId: id, async claims() { return { sub: id, ...claims }; } };
    },
  });
  made.on('backchannel.error', (_, error) => { state.lastBackChannel = `error ${error?.message}`; });
  made.on('backchannel.success', () => { state.lastBackChannel = 'success'; });
  made.on('server_error', (_, error) => console.error(error));
  return made;
}

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const without = (claims, name) => { const { [name]: gone, ...rest } = claims; return rest; };
async function sign(claims, key, header = {}) {
  const algorithm = header.alg ?? key.alg;
  return new SignJWT(claims).setProtectedHeader({ alg: algorithm, kid: key.kid, ...header }).sign(await importJWK(key, algorithm));
}

// An ID token with a fault.
async function idToken(token, state) {
  const claims = decodeJwt(token);
  const now = Math.floor(Date.now() / 1000);
  const { mfa } = person(claims.sub);
  if (mfa) claims.amr = ['pwd', 'mfa'];
  const right = (changes = {}) => sign({ ...claims, ...changes }, state.signing);
  const byHand = (header, body, signature) => `${encode(header)}.${encode(body)}.${signature}`;
  switch (faultOf(claims.sub)) {
    case 'invalid-iss': return right({ iss: 'https://evil.example' });
    case 'iss-with-slash': return right({ iss: `${claims.iss}/` });
    case 'missing-iss': return sign(without(claims, 'iss'), state.signing);
    case 'missing-sub': return sign(without(claims, 'sub'), state.signing);
    case 'empty-sub': return right({ sub: '' });
    case 'long-sub': return right({ sub: 'x'.repeat(256) });
    case 'sub-is-number': return right({ sub: 12345 });
    case 'invalid-aud': return right({ aud: 'somebody-else' });
    case 'missing-aud': return sign(without(claims, 'aud'), state.signing);
    case 'more-aud': return right({ aud: [CLIENT, 'somebody-else'] });
    case 'invalid-azp': return right({ aud: [CLIENT], azp: 'somebody-else' });
    case 'updated-at-text': return right({ updated_at: '2026-01-01T00:00:00Z' });
    case 'valid-azp': return right({ aud: [CLIENT], azp: CLIENT });
    case 'missing-iat': return sign(without(claims, 'iat'), state.signing);
    case 'iat-in-an-hour': return right({ iat: now + 3600, exp: now + 7200 });
    case 'iat-30-days-ago': return right({ iat: now - 30 * 86400 });
    case 'iat-in-30-seconds': return right({ iat: now + 30 });
    case 'missing-exp': return sign(without(claims, 'exp'), state.signing);
    case 'expired': return right({ iat: now - 500, exp: now - 120 });
    case 'expired-30-seconds-ago': return right({ exp: now - 30 });
    case 'invalid-nonce': return right({ nonce: 'of another sign-in' });
    case 'missing-nonce': return sign(without(claims, 'nonce'), state.signing);
    case 'invalid-athash': return right({ at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' });
    case 'missing-athash': return sign(without(claims, 'at_hash'), state.signing);
    case 'sig-none': return byHand({ alg: 'none' }, claims, '');
    case 'sig-none-with-signature': return byHand({ alg: 'none', kid: 'first' }, claims, token.split('.')[2]);
    case 'invalid-sig-rs256': return `${token.split('.').slice(0, 2).join('.')}.${'A'.repeat(342)}`;
    case 'invalid-sig-hs256': return new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(SECRET));
    case 'sig-hs256-with-public-key': return new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'first' }).sign(new TextEncoder().encode(JSON.stringify(publicPart(keys.first))));
    case 'invalid-sig-es256': { const good = await sign(claims, keys.curve, { kid: 'first' }); return good; }
    case 'unknown-kid': return sign(claims, keys.stranger);
    case 'stranger-under-known-kid': return sign(claims, keys.stranger, { kid: 'first' });
    case 'kid-absent': return sign(claims, state.signing, { kid: undefined });
    case 'typ-of-access-token': return sign(claims, state.signing, { typ: 'at+jwt' });
    case 'typ-of-logout-token': return sign(claims, state.signing, { typ: 'logout+jwt' });
    case 'crit': return byHand({ alg: 'RS256', kid: 'first', crit: ['x'], x: 1 }, claims, token.split('.')[2]);
    case 'string-booleans': return right({ email_verified: 'true' });
    case 'not-a-token': return 'nothing of the sort';
    case 'missing-id-token': return undefined;
    default: return right();
  }
}

async function logoutToken(issuer, state, query) {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: issuer, aud: CLIENT, iat: now, exp: now + 120, jti: query.get('jti') ?? crypto.randomUUID(), events: { [LOGOUT]: {} } };
  for (const name of ['sub', 'sid']) if (query.get(name)) claims[name] = query.get(name);
  const header = { typ: 'logout+jwt' };
  switch (query.get('case')) {
    case 'alg-none': return `${encode({ alg: 'none' })}.${encode(claims)}.`;
    case 'wrong-alg': return new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(SECRET));
    case 'no-event': return sign(without(claims, 'events'), state.signing, header);
    case 'wrong-event': return sign({ ...claims, events: { 'http://schemas.openid.net/event/other': {} } }, state.signing, header);
    case 'with-nonce': return sign({ ...claims, nonce: 'n' }, state.signing, header);
    case 'wrong-aud': return sign({ ...claims, aud: 'somebody-else' }, state.signing, header);
    case 'wrong-iss': return sign({ ...claims, iss: 'https://evil.example' }, state.signing, header);
    case 'stranger': return sign(claims, keys.stranger, { ...header, kid: 'first' });
    case 'no-exp': return sign(without(claims, 'exp'), state.signing, header);
    case 'old-without-exp': return sign({ ...without(claims, 'exp'), iat: now - 300 }, state.signing, header);
    case 'no-jti': return sign(without(claims, 'jti'), state.signing, header);
    case 'like-an-id-token': return sign({ ...claims, typ: 'ID' }, state.signing, { typ: 'at+jwt' });
    default: return sign(claims, state.signing, header);
  }
}

const json = (response, value, type = 'application/json') => {
  response.setHeader('content-type', type);
  response.end(JSON.stringify(value));
};

// Faults of an issuer as a whole; whether one was committed.
function misbehave(kind, issuer, response) {
  switch (kind) {
    case 'error': response.statusCode = 500; response.end('out of order'); return true;
    case 'html': response.setHeader('content-type', 'text/html'); response.end('<h1>Welcome</h1>'); return true;
    case 'huge': response.setHeader('content-type', 'application/json'); response.end(`{"issuer": "${'x'.repeat(2 << 20)}"}`); return true;
    case 'redirect': response.statusCode = 302; response.setHeader('location', `${issuer}/elsewhere`); response.end(); return true;
    case 'issuer-mismatch':
      json(response, {
        issuer: 'https://evil.example', authorization_endpoint: `${issuer}/auth`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/jwks`,
        response_types_supported: ['code'], subject_types_supported: ['public'], id_token_signing_alg_values_supported: ['RS256'],
      });
      return true;
    default: return false;
  }
}

function answering(issuer, state, made) {
  const usual = made.callback();
  return (request, response) => {
    const url = new URL(request.url, issuer);
    if (state.clock) response.setHeader('date', new Date(Date.now() + Number(state.clock) * 1000).toUTCString());
    switch (url.pathname) {
      case '/token':
        if (!state.token || state.token === 'of-somebody-else') break;
        response.statusCode = state.token === 'invalid_grant' ? 400 : 500;
        return json(response, { error: state.token });
      case '/set':
        for (const [name, value] of url.searchParams) {
          if (name === 'signing') state.signing = keys[value];
          else if (name === 'published') state.published = value.split(',').map((key) => keys[key]);
          else state[name] = value;
        }
        return response.end('set');
      case '/change':
        changed.set(url.searchParams.get('who'), JSON.parse(url.searchParams.get('claims')));
        return response.end('changed');
      case '/told': return json(response, { ...state.served, backChannel: state.lastBackChannel });
      case '/logout-token': return void logoutToken(issuer, state, url.searchParams).then((token) => response.end(token));
      case '/jwks':
        state.served.jwks += 1;
        return misbehave(state.jwks, issuer, response) || json(response, { keys: state.published.map(publicPart) }, 'application/jwk-set+json');
      case '/.well-known/openid-configuration':
        state.served.discovery += 1;
        if (misbehave(state.discovery, issuer, response)) return undefined;
    }
    bend(url, issuer, state, made, response);
    return usual(request, response);
  };
}

// Waits for the whole answer and sends what the fault makes of it.
function bend(url, issuer, state, made, response) {
  const bends = ['/token', '/me', '/auth'].some((path) => url.pathname === path || url.pathname.startsWith('/auth/'));
  if (!bends && url.pathname !== '/.well-known/openid-configuration') return;
  const parts = [];
  const [end, write] = [response.end.bind(response), response.write.bind(response)];
  response.write = (part) => parts.push(Buffer.from(part));
  response.end = (part) => {
    if (part) parts.push(Buffer.from(part));
    const answer = bent(url, issuer, state, made, response, Buffer.concat(parts));
    void answer.catch((error) => { console.error(error); response.statusCode = 500; return Buffer.from('the test provider is broken'); }).then((body) => {
      if (response.getHeader('content-length') !== undefined) response.setHeader('content-length', body.length);
      response.write = write;
      end(body);
    });
  };
}

async function bent(url, issuer, state, made, response, body) {
  if (url.pathname === '/.well-known/openid-configuration') {
    const metadata = JSON.parse(body);
    metadata.jwks_uri = `${issuer}/jwks`;
    metadata.id_token_signing_alg_values_supported = state.algorithms?.split(',') ?? ['RS256', 'ES256', 'HS256', 'none'];
    if (state.methods) metadata.token_endpoint_auth_methods_supported = state.methods.split(',');
    if (state.iss === 'no') delete metadata.authorization_response_iss_parameter_supported;
    if (state.logout === 'none') delete metadata.end_session_endpoint;
    return Buffer.from(JSON.stringify(metadata));
  }
  if (url.pathname === '/token' && response.statusCode === 200) {
    state.served.token += 1;
    const answer = JSON.parse(body);
    if (!answer.id_token) return body;
    const fault = faultOf(decodeJwt(answer.id_token).sub);
    answer.id_token = await idToken(answer.id_token, state);
    if (answer.id_token === undefined) delete answer.id_token;
    if (state.token === 'of-somebody-else') answer.id_token = await sign({ ...decodeJwt(answer.id_token), sub: 'mallory' }, state.signing);
    if (fault === 'token-type-mac') answer.token_type = 'mac';
    if (fault === 'token-type-lower-case') answer.token_type = 'bearer';
    if (fault === 'token-html') { response.setHeader('content-type', 'text/html'); return Buffer.from('<h1>Welcome</h1>'); }
    if (fault === 'token-error') { response.statusCode = 500; return Buffer.from('<h1>Out of order</h1>'); }
    if (fault === 'token-redirect') { response.statusCode = 302; response.setHeader('location', `${issuer}/elsewhere`); return Buffer.alloc(0); }
    return Buffer.from(JSON.stringify(answer));
  }
  if (url.pathname === '/me' && response.statusCode === 200) {
    state.served.userinfo += 1;
    const claims = JSON.parse(body);
    switch (faultOf(claims.sub)) {
      case 'userinfo-invalid-sub': return Buffer.from(JSON.stringify({ ...claims, sub: 'mallory' }));
      case 'userinfo-missing-sub': return Buffer.from(JSON.stringify(without(claims, 'sub')));
      case 'userinfo-error': response.statusCode = 500; return Buffer.from('out of order');
      case 'userinfo-error-with-claims': response.statusCode = 500; return Buffer.from(JSON.stringify(claims));
      case 'userinfo-signed': response.setHeader('content-type', 'application/jwt'); return Buffer.from(await sign({ ...claims, iss: issuer, aud: CLIENT }, state.signing));
      case 'userinfo-signed-as-another-issuer': response.setHeader('content-type', 'application/jwt'); return Buffer.from(await sign({ ...claims, iss: `${issuer}/other`, aud: CLIENT }, state.signing));
      case 'userinfo-signed-for-another-client': response.setHeader('content-type', 'application/jwt'); return Buffer.from(await sign({ ...claims, iss: issuer, aud: 'another-client' }, state.signing));
      case 'userinfo-signed-by-stranger': response.setHeader('content-type', 'application/jwt'); return Buffer.from(await sign({ ...claims, iss: issuer, aud: CLIENT }, keys.stranger, { kid: 'first' }));
      default: return body;
    }
  }
  const location = response.getHeader('location');
  if (location && String(location).includes('/callback?')) {
    const address = new URL(location);
    const code = await made.AuthorizationCode.find(address.searchParams.get('code') ?? '');
    if (state.iss === 'no') address.searchParams.delete('iss');
    switch (faultOf(code?.accountId)) {
      case 'response-iss-of-another': address.searchParams.set('iss', 'https://evil.example'); break;
      case 'response-iss-missing': address.searchParams.delete('iss'); break;
      case 'state-of-another': address.searchParams.set('state', 'evil'); break;
      case 'state-missing': address.searchParams.delete('state'); break;
      case 'code-missing': address.searchParams.delete('code'); break;
    }
    response.setHeader('location', address.href);
  }
  return body;
}

const desk = http.createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://desk');
  if (pathname !== '/new') { response.statusCode = 404; return response.end(); }
  return void open(Object.fromEntries(searchParams)).then((issuer) => response.end(issuer));
});
desk.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${desk.address().port}`));
// It ends with who started it.
process.stdin.on('end', () => process.exit(0)).resume();
