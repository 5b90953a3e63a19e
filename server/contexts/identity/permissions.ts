/**
 * Every permission there is: its name, the default roles that have it besides Admin, who has all (M Asset Manager,
 * P Plant Owner, O Operator, V Viewer), and what it lets one do. `docs/permissions.md` is the same table for people.
 */
export const permissionTable = [
  // Plants
  ['plants.read', 'MPOV', 'See plants, their timeline and the map'],
  ['plants.write', 'M', 'Create and change plants'],
  ['plants.delete', 'M', 'Hide plants and bring them back'],
  ['plants.import', 'M', 'Import plants from a file'],
  ['plants.export', 'MP', 'Export plants to a file'],
  ['registry.read', 'MPOV', 'See the registry of a plant'],
  ['registry.write', 'M', 'Change the registry of a plant'],
  ['performance.read', 'MPOV', 'See performance and its inputs'],
  // Maintenance
  ['maintenance.read', 'MPOV', 'See maintenance plans and their figures'],
  ['maintenance.write', 'M', 'Create and change maintenance plans'],
  ['orders.read', 'MPOV', 'See maintenance orders'],
  ['orders.write', 'MO', 'Create, work on and complete orders'],
  ['orders.delete', 'M', 'Hide orders'],
  // Workflows
  ['workflows.read', 'MPOV', 'See workflows and how far they are'],
  ['workflows.write', 'M', 'Start, change and cancel workflows'],
  ['workflow_templates.read', 'MPOV', 'See the library of procedures'],
  ['workflow_templates.write', 'M', 'Copy and change procedures'],
  ['tasks.read', 'MPOV', 'See tasks and comments'],
  ['tasks.write', 'MO', 'Work on tasks, comment, assign'],
  ['deadlines.read', 'MPOV', 'See the calendar of deadlines'],
  ['deadlines.write', 'M', "Set and move deadlines of one's own"],
  ['obligations.read', 'MPOV', 'See which duties a plant has, and why'],
  ['obligations.write', 'M', 'Confirm, waive and adjust duties'],
  ['integrations.read', 'MPOV', "See packages and runs for the authorities' portals"],
  ['integrations.run', 'M', 'Make packages and start runs; a submission still needs an approval'],
  // Documents
  ['documents.read', 'MPOV', 'Open and search documents'],
  ['documents.write', 'MO', 'Upload, version, tag and generate documents'],
  ['documents.delete', 'M', 'Hide documents and bring them back'],
  ['documents.approve', 'MP', 'Confirm classifications, approve versions, set legal holds'],
  // Plant operations
  ['lines.read', 'MPOV', 'See lines, their states and OEE'],
  ['lines.write', 'M', 'Create and change lines, products, shifts'],
  ['lines.delete', 'M', 'Hide lines'],
  ['lines.status', 'MO', 'Set the state of a line, with its reason'],
  ['batches.read', 'MPOV', 'See batches, lots and their trace'],
  ['batches.write', 'MO', 'Plan, start, complete and change batches'],
  ['batches.delete', 'M', 'Hide batches'],
  ['batches.recall', 'M', 'Run a mock recall'],
  ['sensors.read', 'MPOV', 'See sensors'],
  ['sensors.write', 'M', 'Create and change sensors'],
  ['sensors.delete', 'M', 'Hide sensors'],
  ['readings.read', 'MPOV', 'See readings'],
  ['readings.write', 'MO', 'Send readings'],
  ['readings.correct', 'M', 'Replace readings by corrections'],
  ['anomalies.read', 'MPOV', 'See anomalies and alarms'],
  ['anomalies.acknowledge', 'MO', 'Acknowledge and shelve alarms'],
  // Events
  ['events.read', 'MPOV', 'See the history of events and follow them live'],
  ['events.manage', '', 'See events that were set aside, have them tried again or let them go'],
  ['webhooks.read', 'M', 'See webhooks and their deliveries'],
  ['webhooks.write', 'M', 'Create, change, test and replay webhooks'],
  // Assistant
  ['chat.read', 'MPOV', "See one's own conversations"],
  ['chat.write', 'MPOV', 'Ask the assistant'],
  ['agents.read', 'MPOV', 'See agents and their runs'],
  ['agents.write', 'M', 'Create and change agents'],
  ['agents.run', 'MPO', 'Run agents; what they write still needs an approval'],
  ['approvals.read', 'MPOV', 'See what waits for an approval'],
  ['approvals.decide', 'MP', 'Approve and reject'],
  ['forms.fill', 'MPO', 'Have forms filled'],
  ['ai.read', 'MP', 'See usage, cost and quality of models'],
  ['ai.write', 'M', 'Train, compare and promote models and modules'],
  // Analytics
  ['analytics.read', 'MPOV', 'See analytics and the inputs of every figure'],
  ['reports.read', 'MPOV', 'See and download reports'],
  ['reports.write', 'M', 'Make and schedule reports'],
  ['evidence.export', 'MP', 'Make evidence packs'],
  // Identity
  ['people.read', 'MPOV', 'See the names and roles of colleagues, to assign work'],
  ['users.read', '', 'See users and invitations'],
  ['users.write', '', 'Invite, change, suspend and remove users'],
  ['users.export', '', 'Export all that is kept of a person'],
  ['users.erase', '', 'Erase a person for good'],
  ['roles.read', '', 'See roles'],
  ['roles.write', '', 'Define roles'],
  ['sessions.read', '', 'See the sessions of users'],
  ['sessions.write', '', 'End the sessions of users'],
  ['api_keys.read', '', 'See API keys'],
  ['api_keys.write', '', 'Create and revoke API keys'],
  ['tenant.read', '', 'See the settings of the tenant'],
  ['tenant.write', '', 'Change the settings of the tenant'],
  ['tenant.export', '', 'Export all data of the tenant'],
  ['jobs.read', '', 'See jobs in the background'],
  ['jobs.manage', '', 'Try dead jobs anew and cancel jobs'],
  ['audit.read', 'M', 'See and verify the audit trail'],
] as const satisfies readonly (readonly [name: string, roles: string, meaning: string])[]

/** The name of a permission. */
export type Permission = (typeof permissionTable)[number][0]

/** All names, in the order of the table. */
export const allPermissions: readonly Permission[] = permissionTable.map(([name]) => name)

const known: ReadonlySet<string> = new Set(allPermissions)

/** Whether a text names a permission. */
export const isPermission = (text: string): text is Permission => known.has(text)
