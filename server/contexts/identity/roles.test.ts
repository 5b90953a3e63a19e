import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { allPermissions, isPermission, permissionTable } from './permissions.ts'
import { beyondOwn, defaultRoles, isDefaultRole, permissionsOf } from './roles.ts'
import type { DefaultRole } from './roles.ts'

const page = readFileSync(new URL('../../../docs/permissions.md', import.meta.url), 'utf8')
const cellsOf = (line: string) =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim())
const tableLines = page.split('\n').filter((line) => line.startsWith('|'))
const header = cellsOf(tableLines[0] ?? '')
const rows = tableLines.slice(2).map(cellsOf)
const documented = (role: DefaultRole) => {
  const column = header.indexOf(role)
  assert.ok(column > 0, role)
  for (const row of rows) assert.match(row[column] ?? '', /^✓?$/)
  return rows.filter((row) => row[column] === '✓').map(([name = '']) => name.replaceAll('`', ''))
}
const without = (role: DefaultRole) => beyondOwn(permissionsOf(role), allPermissions)
const families = (permissions: readonly string[]) =>
  [...new Set(permissions.map((name) => name.split('.')[0] ?? ''))].toSorted()

test('the documented table and the code say the same, both ways', () => {
  assert.ok(rows.length > 50)
  assert.deepEqual(header.slice(1, -1), [...defaultRoles])
  assert.deepEqual(
    rows.map(([name = '']) => name.replaceAll('`', '')),
    [...allPermissions],
  )
  assert.deepEqual(
    rows.map((row) => row.at(-1)),
    permissionTable.map(([, , meaning]) => meaning),
  )
  for (const role of defaultRoles) assert.deepEqual(documented(role), [...permissionsOf(role)], role)
})

test('every permission is named once, as noun and verb', () => {
  assert.equal(new Set(allPermissions).size, allPermissions.length)
  for (const [name, roles, meaning] of permissionTable) {
    assert.match(name, /^[a-z_]+\.[a-z_]+$/)
    assert.match(roles, /^M?P?O?V?$/)
    assert.ok(meaning.length > 0)
  }
  assert.ok(isPermission('plants.read'))
  assert.ok(!isPermission('plants.fly') && !isPermission('constructor'))
})

test('an Admin may do all', () => assert.deepEqual(without('Admin'), []))

test('an Asset Manager may do everything but users, keys and settings', () =>
  assert.deepEqual(families(without('Asset Manager')), [
    'api_keys',
    'events',
    'jobs',
    'roles',
    'sessions',
    'tenant',
    'users',
  ]))

test('a Plant Owner reads all but users, keys, settings, webhooks and audit, and approves', () => {
  const unread = without('Plant Owner').filter((name) => name.endsWith('.read'))
  assert.deepEqual(families(unread), ['api_keys', 'audit', 'jobs', 'roles', 'sessions', 'tenant', 'users', 'webhooks'])
  const own = permissionsOf('Plant Owner')
  assert.ok(own.includes('documents.approve') && own.includes('approvals.decide'))
  assert.deepEqual(
    own.filter((name) => /\.(write|delete|import)$/.test(name)),
    ['chat.write'],
  )
})

test('an Operator writes tasks, orders, batches, readings, documents and what goes with them, and approves nothing', () => {
  assert.deepEqual(
    permissionsOf('Operator').filter((name) => !name.endsWith('.read')),
    [
      'orders.write',
      'tasks.write',
      'documents.write',
      'lines.status',
      'batches.write',
      'readings.write',
      'anomalies.acknowledge',
      'chat.write',
      'agents.run',
      'forms.fill',
    ],
  )
})

test('a Viewer reads, and no more than a Plant Owner does', () => {
  assert.deepEqual(
    permissionsOf('Viewer').filter((name) => !name.endsWith('.read')),
    ['chat.write'],
  )
  assert.deepEqual(beyondOwn(permissionsOf('Plant Owner'), permissionsOf('Viewer')), [])
})

test('nobody passes on what they have not', () => {
  assert.deepEqual(beyondOwn(permissionsOf('Asset Manager'), ['plants.read', 'users.write']), ['users.write'])
  assert.deepEqual(beyondOwn(permissionsOf('Viewer'), ['plants.read']), [])
  assert.ok(isDefaultRole('Plant Owner') && !isDefaultRole('plant owner'))
})
