/** What stands in the trail is told as an event, or is on the list of what nobody is told. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventKinds } from '../app.ts'
import { isPermission } from '../contexts/identity/permissions.ts'
import { sources, walk, type Node, type Source } from './source.ts'

/** The action in the trail, and the event that tells it. */
const TOLD: Record<string, string> = {
  'plants.created': 'PlantCreated',
  'plants.updated': 'PlantUpdated',
  'plants.deleted': 'PlantDeleted',
  'plants.restored': 'PlantRestored',
  'registry.created': 'RegistryReplaced',
  'registry.updated': 'RegistryReplaced',
  'stoppages.created': 'StoppageCreated',
  'stoppages.updated': 'StoppageUpdated',
  'stoppages.deleted': 'StoppageDeleted',
  'energy_prices.created': 'EnergyPriceCreated',
  'energy_prices.updated': 'EnergyPriceUpdated',
  'energy_prices.deleted': 'EnergyPriceDeleted',
  'documents.uploaded': 'DocumentUploaded',
  'documents.generated': 'DocumentGenerated',
  'document_templates.created': 'DocumentTemplateCreated',
  'document_templates.updated': 'DocumentTemplateUpdated',
  'document_templates.deleted': 'DocumentTemplateDeleted',
  'documents.version_added': 'DocumentVersionAdded',
  'documents.updated': 'DocumentUpdated',
  'documents.deleted': 'DocumentDeleted',
  'documents.restored': 'DocumentRestored',
  'documents.purged': 'DocumentPurged',
  'documents.held': 'DocumentHeld',
  'documents.released': 'DocumentReleased',
  'documents.linked': 'DocumentLinked',
  'documents.unlinked': 'DocumentUnlinked',
  'obligations.reconciled': 'ObligationsReconciled',
  'obligations.completed': 'ObligationCompleted',
  'lines.created': 'LineCreated',
  'brokers.created': 'BrokerCreated',
  'brokers.updated': 'BrokerUpdated',
  'brokers.deleted': 'BrokerDeleted',
  'sensors.created': 'SensorCreated',
  'sensors.updated': 'SensorUpdated',
  'sensors.deleted': 'SensorDeleted',
  'sensors.restored': 'SensorRestored',
  'sensor_models.requested': 'SensorModelRequested',
  'sensor_models.decided': 'SensorModelDecided',
  'sensor_models.activated': 'SensorModelActivated',
  'sensor_models.retired': 'SensorModelRetired',
  'lines.updated': 'LineUpdated',
  'lines.deleted': 'LineDeleted',
  'lines.status_set': 'LineStatusChanged',
  'stop_reasons.created': 'StopReasonsChanged',
  'stop_reasons.retired': 'StopReasonsChanged',
  'shifts.created': 'LinePlanChanged',
  'shifts.changed': 'LinePlanChanged',
  'shifts.ended': 'LinePlanChanged',
  'planned_downtimes.created': 'LinePlanChanged',
  'planned_downtimes.updated': 'LinePlanChanged',
  'planned_downtimes.cancelled': 'LinePlanChanged',
  'batches.created': 'BatchCreated',
  'batches.updated': 'BatchUpdated',
  'batches.started': 'BatchStarted',
  'batches.produced': 'BatchProduced',
  'batches.completed': 'BatchCompleted',
  'batches.held': 'BatchHeld',
  'batches.resumed': 'BatchResumed',
  'batches.aborted': 'BatchAborted',
  'batches.deleted': 'BatchDeleted',
  'controls.measured': 'ControlMeasured',
  'controls.corrected': 'ControlCorrected',
  'lots.created': 'LotCreated',
  'lots.updated': 'LotUpdated',
  'lots.moved': 'LotMoved',
  'recalls.run': 'RecallRun',
  'products.created': 'ProductChanged',
  'products.updated': 'ProductChanged',
  'products.deleted': 'ProductChanged',
  'anomalies.acknowledged': 'AnomalyAcknowledged',
  'anomalies.shelved': 'AnomalyShelved',
  'anomalies.unshelved': 'AnomalyUnshelved',
  'documents.available': 'DocumentAvailable',
  'documents.quarantined': 'DocumentQuarantined',
  'documents.scan_failed': 'DocumentScanFailed',
  'evidence.requested': 'EvidencePackRequested',
  'evidence.built': 'EvidencePackReady',
  'evidence.failed': 'EvidencePackFailed',
  'evidence.deleted': 'EvidencePackDeleted',
  'document_fields.judged': 'DocumentFieldJudged',
  'document_fields.added': 'DocumentFieldJudged',
  'document_suggestions.confirmed': 'DocumentSuggestionDecided',
  'document_suggestions.rejected': 'DocumentSuggestionDecided',
  'webhooks.created': 'WebhookCreated',
  'webhooks.updated': 'WebhookUpdated',
  'webhooks.secret_rotated': 'WebhookUpdated',
  'webhooks.deleted': 'WebhookDeleted',
  'webhooks.disabled': 'WebhookDisabled',
  'users.created': 'UserCreated',
  'users.invited': 'UserInvited',
  'users.accepted': 'UserAccepted',
  'users.updated': 'UserUpdated',
  'users.changed_self': 'UserUpdated',
  'users.deleted': 'UserDeleted',
  'users.erased': 'UserErased',
  'roles.created': 'RoleCreated',
  'roles.updated': 'RoleUpdated',
  'roles.deleted': 'RoleDeleted',
  'api_keys.created': 'ApiKeyCreated',
  'api_keys.updated': 'ApiKeyUpdated',
  'api_keys.revoked': 'ApiKeyRevoked',
  'tenants.created': 'TenantCreated',
  'tenants.registered': 'TenantCreated',
  'tenant.updated': 'TenantUpdated',
  'tenants.updated': 'TenantUpdated',
  'tenants.suspended': 'TenantSuspended',
  'tenants.reactivated': 'TenantReactivated',
  'tenants.cancelled': 'TenantCancelled',
  'tenants.deleted': 'TenantDeleted',
}

const SIGN_IN = 'who signs in when, and with what, is no program’s affair'
/** Actions that leave no event, and why. */
const TOLD_TO_NOBODY: Record<string, string> = {
  'auth.signed_in': SIGN_IN,
  'auth.signed_out': SIGN_IN,
  'auth.session_ended': SIGN_IN,
  'auth.sessions_ended': SIGN_IN,
  'auth.refresh_reused': SIGN_IN,
  'auth.password_changed': SIGN_IN,
  'auth.password_given': SIGN_IN,
  'auth.password_reset': SIGN_IN,
  'auth.second_factor_enabled': SIGN_IN,
  'auth.second_factor_disabled': SIGN_IN,
  'accounts.superuser_changed': 'an affair of the installation',
  'users.exported': 'nothing has changed',
  'demonstration.seeded': 'what was seeded has told of itself',
  'tenant.exported': 'nothing has changed',
  'tenant.imported': 'its events have come along',
  'events.failure_retried': 'of the telling itself, nothing is told',
  'events.failure_dismissed': 'of the telling itself, nothing is told',
  'documents.scan_requested': 'what it finds is told',
  'documents.reading_ordered': 'what comes of it is told: DocumentRead',
  'jobs.retried': 'how the machine does its work',
  'jobs.cancelled': 'how the machine does its work',
  'webhooks.tested': 'nothing has changed',
  'webhooks.replayed': 'of the telling itself, nothing is told',
  'webhooks.delivery_replayed': 'of the telling itself, nothing is told',
  'tenants.moved': 'to those who follow the company nothing has changed',
}

const ACTION = /^[a-z_]+\.[a-z_]+$/
const textsIn = (node: Node): string[] =>
  [...walk(node)]
    .filter((one) => one.type === 'Literal' && ACTION.test(String(one['value'])))
    .map((one) => String(one['value']))
const nameOf = (node: unknown): string => String((node as Node | null)?.['name'])

/** What an entry of the trail is made of: `action: …` in an object, `action = …` as a constant or default. */
function actionsIn(program: Node): string[] {
  return [...walk(program)].flatMap((node) => {
    const [name, value] =
      node.type === 'Property'
        ? [nameOf(node['key']), node['value'] as Node]
        : node.type === 'VariableDeclarator'
          ? [nameOf(node['id']), node['init'] as Node | null]
          : node.type === 'AssignmentPattern'
            ? [nameOf(node['left']), node['right'] as Node]
            : ['', null]
    return name === 'action' && value ? textsIn(value) : []
  })
}

type Call = { file: string; actions: string[]; silent: boolean }
/** Calls of record and finish with the actions of their entries; silent: with no event. */
function callsIn({ program, file }: Source): Call[] {
  const constants = new Map(
    [...walk(program)].filter((node) => node.type === 'VariableDeclarator').map((node) => [nameOf(node['id']), node]),
  )
  return [...walk(program)].flatMap((node) => {
    if (node.type !== 'CallExpression') return []
    const callee = node['callee'] as Node
    const called = callee.type === 'MemberExpression' ? nameOf(callee['property']) : nameOf(callee)
    const at = called === 'record' ? 0 : called === 'finish' ? 1 : -1
    const given = node['arguments'] as Node[]
    const entry = given[at]
    if (entry === undefined) return []
    const actions = actionsIn((entry.type === 'Identifier' && constants.get(nameOf(entry))) || entry)
    return actions.length > 0 ? [{ file, actions, silent: given.length === at + 1 }] : []
  })
}

const code = sources('server/{contexts,platform,demonstration}/**/*.ts', 'cli/**/*.ts').filter(
  ({ file }) => !/\.(test|fixture)\.ts$/.test(file),
)

test('every action of the trail has its event, or is on the list of what nobody is told', () => {
  const actions = new Set(code.flatMap(({ program }) => actionsIn(program)))
  actions.delete('access.denied')
  assert.ok(actions.size > 35)
  const known = { ...TOLD, ...TOLD_TO_NOBODY }
  assert.deepEqual(
    [...actions].filter((action) => known[action] === undefined),
    [],
    'is on neither list',
  )
  assert.deepEqual(
    Object.keys(known).filter((action) => !actions.has(action)),
    [],
    'nothing does this',
  )
  const types = new Set(eventKinds.map(({ type }) => type))
  assert.deepEqual(
    Object.values(TOLD).filter((type) => !types.has(type)),
    [],
    'is not declared',
  )
})

test('nothing that is to be told is recorded without its event', () => {
  const calls = code.flatMap(callsIn)
  assert.ok(calls.length > 20 && calls.some(({ silent }) => silent), 'calls were seen')
  assert.deepEqual(
    calls.filter(({ silent, actions }) => silent && actions.some((action) => TOLD[action] !== undefined)),
    [],
  )
})

test('every kind that is made is declared to the installation, under a permission that there is, with closed data', () => {
  const made = code.flatMap(({ text }) =>
    [...text.matchAll(/(?:eventKind\(\{[^}]*?type: |\bkind\(\s*)'([A-Z]\w+)'/g)].map((match) => match[1]!),
  )
  assert.deepEqual(
    made.toSorted(),
    eventKinds.map(({ type }) => type),
  )
  for (const { type, permission, data } of eventKinds) {
    assert.ok(isPermission(permission), `${type}: ${permission}`)
    assert.equal(
      (data as { additionalProperties?: unknown }).additionalProperties,
      false,
      `${type}: data is not closed`,
    )
    const telling = Object.keys(data.properties).filter((field) =>
      /name|mail|password|secret|token|hash|(^|_)key$/.test(field),
    )
    assert.deepEqual(
      telling.filter((field) => !(type.startsWith('Role') && field === 'name')),
      [],
      type,
    )
  }
})
