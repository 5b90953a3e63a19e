/** One rule of a decision, and whether it lets the caller pass. */
export type Reason = { rule: string; passed: boolean; text_it: string; text_en: string }
export type Explanation = { allowed: boolean; reasons: Reason[] }

/** What a decision rests on. `plant_seen` is null where no plant was named. */
export type Facts = {
  permission: string
  kind: 'user' | 'api_key'
  role: string | null
  has_permission: boolean
  tenant: { status: string; expired: boolean }
  plant_seen: boolean | null
}

const reason = (rule: string, passed: boolean, text_it: string, text_en: string): Reason => ({
  ...{ rule, passed, text_it, text_en },
})

/** What a suspended, expired or cancelled company can still do. */
function tenantReason(permission: string, { status, expired }: Facts['tenant']): Reason {
  const reads = permission.endsWith('.read')
  const exports = permission.endsWith('.export')
  if (status === 'Cancelled') {
    const passed = permission === 'tenant.export'
    return reason(
      'tenant',
      passed,
      'L’azienda ha lasciato il servizio: può solo esportare i suoi dati.',
      'The company has left: it can only export its data.',
    )
  }
  if (status === 'Suspended' || expired) {
    const [it, en] =
      status === 'Suspended' ? ['è sospesa', 'is suspended'] : ['ha il piano scaduto', 'has an expired plan']
    return reason(
      'tenant',
      reads || exports,
      `L’azienda ${it}: può leggere ed esportare, non modificare.`,
      `The company ${en}: it can read and export, not change.`,
    )
  }
  return reason('tenant', true, 'L’azienda è attiva.', 'The company is active.')
}

function permissionReason({ permission, kind, role, has_permission }: Facts): Reason {
  const [it, en] = kind === 'user' ? [`Il ruolo ${role}`, `The role ${role}`] : ['La chiave API', 'The API key']
  const verb = has_permission ? ['ha', 'has'] : ['non ha', 'lacks']
  return reason(
    'permission',
    has_permission,
    `${it} ${verb[0]} il permesso ${permission}.`,
    `${en} ${verb[1]} the permission ${permission}.`,
  )
}

// A plant that is not there, another company's, and one outside of the caller's plants: one text for all three.
const plantReason = (seen: boolean): Reason =>
  seen
    ? reason('plant_scope', true, 'L’impianto è tra quelli visibili.', 'The plant is among those that are visible.')
    : reason(
        'plant_scope',
        false,
        'Tra gli impianti visibili non c’è questo.',
        'This is not among the plants that are visible.',
      )

/** Why something is allowed or not: every rule, passed or not, in the order in which they are asked. */
export function explanationOf(facts: Facts): Explanation {
  const reasons = [
    facts.kind === 'user'
      ? reason('session', true, 'La sessione è valida.', 'The session is valid.')
      : reason('session', true, 'La chiave API è valida.', 'The API key is valid.'),
    ...(facts.kind === 'user' ? [reason('user_status', true, 'L’utente è attivo.', 'The user is active.')] : []),
    permissionReason(facts),
    tenantReason(facts.permission, facts.tenant),
    ...(facts.plant_seen === null ? [] : [plantReason(facts.plant_seen)]),
  ]
  return { allowed: reasons.every(({ passed }) => passed), reasons }
}
