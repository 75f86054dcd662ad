// A real OpenID Connect provider for the tests: one client, people named by what they type as their login.
import { Provider } from 'oidc-provider'

const [port, callback] = process.argv.slice(2)
const issuer = `http://localhost:${port}`

const people = {
  researcher: { email: 'researcher@test.example', email_verified: true, name: 'Researcher', groups: ['administrator'] },
  capitals: { email: 'Physician@TEST.example', email_verified: true, name: 'Physician' },
  unverified: { email: 'student@test.example', email_verified: false, name: 'Student' },
  stranger: { email: 'stranger@elsewhere.example', email_verified: true, name: 'Stranger' },
}

const provider = new Provider(issuer, {
  clients: [{
    client_id: 'campus',
    client_secret: 'a secret between the two',
    redirect_uris: [callback],
    token_endpoint_auth_method: 'client_secret_basic',
  }],
  pkce: { required: () => true },
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'groups'] },
  features: { devInteractions: { enabled: true } },
  cookies: { keys: ['only for tests'] },
  findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
})
provider.listen(Number(port), '127.0.0.1', () => console.log('ready'))
