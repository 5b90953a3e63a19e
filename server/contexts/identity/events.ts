import { Type } from 'typebox'
import { eventKind, eventOf, type EventKind, type NewEvent } from '#platform/events/event-kind.ts'
import { Id, Shape } from '#platform/http/shapes.ts'
import { auditSealed } from './audit/audit-sealed.ts'

// Nothing of a person but ids: names and emails can be erased where they stand, and not here. Who signs in when, and with
// what, is for the trail alone: followers are programs that have nothing to do with it.

const changed = Type.Array(Type.String(), { description: 'The names of the fields' })
const kind = <Data extends EventKind['data']>(type: string, permission: string, data: Data) =>
  eventKind({ type, topic: 'identity', permission, data })

const user = Shape({ user_id: Id })
const userCreated = kind(
  'UserCreated',
  'users.read',
  Shape({ user_id: Id, role: Type.String(), status: Type.String() }),
)
const userInvited = kind('UserInvited', 'users.read', user)
const userAccepted = kind('UserAccepted', 'users.read', user)
const userUpdated = kind('UserUpdated', 'users.read', Shape({ user_id: Id, changed }))
const userDeleted = kind('UserDeleted', 'users.read', user)
// Who keeps copies of a person's data has to be told that they are erased (GDPR, article 19).
const userErased = kind('UserErased', 'users.read', user)

const roleCreated = kind('RoleCreated', 'roles.read', Shape({ role_id: Id, name: Type.String() }))
const roleUpdated = kind('RoleUpdated', 'roles.read', Shape({ role_id: Id, name: Type.String(), changed }))
const roleDeleted = kind('RoleDeleted', 'roles.read', Shape({ role_id: Id, name: Type.String() }))

const apiKeyCreated = kind('ApiKeyCreated', 'api_keys.read', Shape({ api_key_id: Id }))
const apiKeyUpdated = kind('ApiKeyUpdated', 'api_keys.read', Shape({ api_key_id: Id, changed }))
const apiKeyRevoked = kind('ApiKeyRevoked', 'api_keys.read', Shape({ api_key_id: Id }))

const tenantFields = Shape({ tenant_id: Id, changed })
const tenantCreated = kind('TenantCreated', 'tenant.read', Shape({ tenant_id: Id }))
const tenantUpdated = kind('TenantUpdated', 'tenant.read', tenantFields)
const tenantSuspended = kind('TenantSuspended', 'tenant.read', tenantFields)
const tenantReactivated = kind('TenantReactivated', 'tenant.read', tenantFields)
const tenantCancelled = kind('TenantCancelled', 'tenant.read', tenantFields)
const tenantDeleted = kind('TenantDeleted', 'tenant.read', Shape({ tenant_id: Id }))

/** What this context announces. */
export const identityEvents = [
  ...[userCreated, userInvited, userAccepted, userUpdated, userDeleted, userErased, auditSealed],
  ...[roleCreated, roleUpdated, roleDeleted, apiKeyCreated, apiKeyUpdated, apiKeyRevoked],
  ...[tenantCreated, tenantUpdated, tenantSuspended, tenantReactivated, tenantCancelled, tenantDeleted],
]

const ofUser = (id: string) => ({ subject: `users/${id}` })
export const tellUserCreated = (id: string, { role, status }: { role: string; status: string }): NewEvent =>
  eventOf(userCreated, ofUser(id), { user_id: id, role, status })
export const tellUserInvited = (id: string): NewEvent => eventOf(userInvited, ofUser(id), { user_id: id })
export const tellUserAccepted = (id: string): NewEvent => eventOf(userAccepted, ofUser(id), { user_id: id })
export const tellUserDeleted = (id: string): NewEvent => eventOf(userDeleted, ofUser(id), { user_id: id })
export const tellUserErased = (id: string): NewEvent => eventOf(userErased, ofUser(id), { user_id: id })
export const tellUserUpdated = (id: string, after: object): NewEvent =>
  eventOf(userUpdated, ofUser(id), { user_id: id, changed: Object.keys(after) })

const ofRole = (id: string) => ({ subject: `roles/${id}` })
export const tellRoleCreated = (id: string, name: string): NewEvent =>
  eventOf(roleCreated, ofRole(id), { role_id: id, name })
export const tellRoleUpdated = (id: string, name: string, after: object): NewEvent =>
  eventOf(roleUpdated, ofRole(id), { role_id: id, name, changed: Object.keys(after) })
export const tellRoleDeleted = (id: string, name: string): NewEvent =>
  eventOf(roleDeleted, ofRole(id), { role_id: id, name })

const ofKey = (id: string) => ({ subject: `api-keys/${id}` })
export const tellApiKeyCreated = (id: string): NewEvent => eventOf(apiKeyCreated, ofKey(id), { api_key_id: id })
export const tellApiKeyRevoked = (id: string): NewEvent => eventOf(apiKeyRevoked, ofKey(id), { api_key_id: id })
export const tellApiKeyUpdated = (id: string, after: object): NewEvent =>
  eventOf(apiKeyUpdated, ofKey(id), { api_key_id: id, changed: Object.keys(after) })

const tenantKinds = {
  'tenants.updated': tenantUpdated,
  'tenants.suspended': tenantSuspended,
  'tenants.reactivated': tenantReactivated,
  'tenants.cancelled': tenantCancelled,
}
/** What can be done to a company's row, as the trail names it. */
export type TenantAction = keyof typeof tenantKinds
const ofTenant = { subject: 'tenant' }
export const tellTenantCreated = (id: string): NewEvent => eventOf(tenantCreated, ofTenant, { tenant_id: id })
export const tellTenantDeleted = (id: string): NewEvent => eventOf(tenantDeleted, ofTenant, { tenant_id: id })
export const tellTenantChanged = (id: string, action: TenantAction, after: object): NewEvent =>
  eventOf(tenantKinds[action], ofTenant, { tenant_id: id, changed: Object.keys(after) })
