/** Whatever is changed in a pack is found and named, by both verifiers, with nothing but the pack. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { CompactSign, generateKeyPair, exportJWK, calculateJwkThumbprint } from 'jose'
import { systemScope } from '#platform/database/system-scope.ts'
import { newTenant, testApp } from '#test/harness.ts'
import { sealAudit } from '#contexts/identity'
import { builtPack, documentOf, downloadOf, extract, verifyByNode, verifyByPython } from './packs.fixture.ts'

async function packFolder() {
  const tenant = await newTenant()
  const ids = []
  for (const name of ['uno.txt', 'due.txt'])
    ids.push((await documentOf(tenant, { name, bytes: `Contenuto di ${name}` })).id)
  const pack = await builtPack(tenant, tenant.admin, { subject: { kind: 'documents', document_ids: ids } })
  return { tenant, ...(await extract((await downloadOf(tenant.admin, pack.id)).rawPayload)) }
}

/** What both programs say; they must agree. */
async function verdictOf(folder: string, ...args: string[]) {
  const [node, python] = await Promise.all([verifyByNode(folder, ...args), verifyByPython(folder, ...args)])
  assert.equal(node.code, python.code, `${node.output}\n${python.output}`)
  return { code: node.code, outputs: [node.output, python.output] }
}

async function blamed(folder: string, named: string | RegExp, ...args: string[]): Promise<void> {
  const { code, outputs } = await verdictOf(folder, ...args)
  for (const output of outputs) {
    assert.equal(code, 1, `${String(named)}: ${output}`)
    assert.ok(typeof named === 'string' ? output.includes(named) : named.test(output), `${String(named)}: ${output}`)
    assert.ok(!output.includes('All is well'))
  }
}

/** As somebody does who may write to the pack and has a key of their own: digests, counts and signature are made to agree. */
async function forge(
  folder: string,
  change: (manifest: Record<string, never>) => void = () => undefined,
): Promise<string> {
  const manifest = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'))
  for (const file of manifest.files) {
    const bytes = await readFile(join(folder, file.path))
    Object.assign(file, { size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') })
  }
  for (const document of manifest.documents) {
    document.sha256 = manifest.files.find((file: { path: string }) => file.path === document.path).sha256
  }
  change(manifest)
  const bytes = Buffer.from(JSON.stringify(manifest))
  await writeFile(join(folder, 'manifest.json'), bytes)
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true })
  const { n, e } = await exportJWK(publicKey)
  const kid = await calculateJwkThumbprint({ kty: 'RSA', n: n!, e: e! })
  const payload = {
    manifest_sha256: createHash('sha256').update(bytes).digest('hex'),
    ...{ pack_id: manifest.pack.id, tenant_id: manifest.company.id, at: manifest.made_at },
  }
  const jws = await new CompactSign(Buffer.from(JSON.stringify(payload)))
    .setProtectedHeader({ alg: 'RS256', typ: 'evidence-manifest+jws', kid, jwk: { kty: 'RSA', n: n!, e: e! } })
    .sign(privateKey)
  await writeFile(join(folder, 'manifest.jws'), jws)
  return kid
}

test('one flipped byte in any file, a file too few, one too many, two that changed names: each is named', async () => {
  const { folder, names } = await packFolder()
  assert.ok(names.length > 12)
  for (const [at, name] of names.entries()) {
    const path = join(folder, name)
    const bytes = await readFile(path)
    const changed = Buffer.from(bytes)
    // Beginning, middle and end in turn.
    const place = [0, Math.floor(bytes.length / 2), bytes.length - 1][at % 3]!
    changed[place]! ^= 1
    await writeFile(path, changed)
    await blamed(folder, name)
    await writeFile(path, bytes)
  }
  const jws = await readFile(join(folder, 'manifest.jws'), 'latin1')
  // Another spelling of the same last byte, and a line end: the same bytes to a careless reader.
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  for (const other of [`${jws.slice(0, -1)}${letters[letters.indexOf(jws.at(-1)!) ^ 1]}`, `${jws}\n`]) {
    await writeFile(join(folder, 'manifest.jws'), other)
    await blamed(folder, 'manifest.jws')
  }
  await writeFile(join(folder, 'manifest.jws'), jws)
  const [one, two] = [join(folder, names[0]!), join(folder, names[1]!)]
  await rename(one, `${one}.away`)
  await blamed(folder, `${names[0]}: is missing`)
  await blamed(folder, `${names[0]}.away: is not part of the pack`)
  await rename(two, one)
  await rename(`${one}.away`, two)
  await blamed(folder, new RegExp(`${names[0]}: was changed[^]*${names[1]}: was changed`))
  await rename(one, `${one}.away`)
  await rename(two, one)
  await rename(`${one}.away`, two)
  assert.equal((await verdictOf(folder)).code, 0, 'all is as it was')
  await symlink('/etc/hostname', join(folder, 'documents/link'))
  await blamed(folder, 'documents/link: is neither a file nor a folder')
  await rm(folder, { recursive: true })
})

test('a manifest that was changed and signed anew is told by the fingerprint of the key, and the trail in it by its chain', async () => {
  const { folder } = await packFolder()
  const kid = JSON.parse(
    Buffer.from((await readFile(join(folder, 'manifest.jws'), 'latin1')).split('.')[0]!, 'base64url').toString(),
  ).kid
  assert.equal((await verdictOf(folder, '--key', kid)).code, 0)
  const manifest = await readFile(join(folder, 'manifest.json'), 'utf8')
  await writeFile(join(folder, 'manifest.json'), manifest.replace('"made_by"', '"made_By"'))
  await blamed(folder, 'manifest.json: is not what was signed')
  await writeFile(join(folder, 'manifest.json'), manifest)
  await writeFile(join(folder, 'README.txt'), 'Un altro')
  const forged = await forge(folder)
  assert.equal((await verdictOf(folder)).code, 0, 'without a key to compare it with, any signature is one')
  await blamed(folder, `signed by another key: ${forged}`, '--key', kid)

  const trail = await readFile(join(folder, 'trail.ndjson'), 'utf8')
  const [first, ...rest] = trail.split('\n')
  const line = JSON.parse(first!)
  const cases: [string, object][] = [
    ['its contents are not what was chained', { contents: line.contents.replace('uno', 'tre') }],
    ['is not what its chained text says', { action: 'documents.approved' }],
    ['the entry is not what its digest says', { entry: line.entry.replace('documents.', 'document.') }],
    ['is not the one in the chain', { link: line.link.replace(/^./, (sign: string) => (sign === '0' ? '1' : '0')) }],
  ]
  for (const [words, change] of cases) {
    await writeFile(join(folder, 'trail.ndjson'), [JSON.stringify({ ...line, ...change }), ...rest].join('\n'))
    await forge(folder)
    await blamed(folder, `trail.ndjson entry ${line.number}: ${words}`)
  }
  await writeFile(join(folder, 'trail.ndjson'), trail)
  const chain = (await readFile(join(folder, 'chain.ndjson'), 'utf8'))
    .trimEnd()
    .split('\n')
    .map((text) => JSON.parse(text))
  await writeFile(
    join(folder, 'chain.ndjson'),
    `${chain
      .slice(0, -1)
      .map((link) => JSON.stringify(link))
      .join('\n')}\n`,
  )
  await forge(folder, (known) => void ((known as unknown as { trail: { links: number } }).trail.links -= 1))
  await blamed(folder, /trail\.ndjson entry \d+: (lies under no signed head|is not in the chain)/)
  await rm(folder, { recursive: true })
})

test('a head that was kept is found in the chain; after the trail was rewritten it is not', async () => {
  const { installation, issuing } = (await testApp()).deps
  const tenant = await newTenant()
  const { id } = await documentOf(tenant, { name: 'uno.txt', bytes: 'Uno' })
  const subject = { kind: 'documents', document_ids: [id] }
  await builtPack(tenant, tenant.admin, { subject })
  const seal = () =>
    installation.database.write(systemScope(tenant.id, 'test'), (work) => sealAudit(work, issuing.current().keys))
  const kept = (await seal())!
  const pack = await builtPack(tenant, tenant.admin, { subject })
  const { folder } = await extract((await downloadOf(tenant.admin, pack.id)).rawPayload)
  const { heads } = JSON.parse(await readFile(join(folder, 'heads.json'), 'utf8'))
  assert.ok(heads.length === 2 && heads.some((head: { number: number }) => head.number === kept.number))
  const { code, outputs } = await verdictOf(folder, '--head', kept.jws)
  assert.equal(code, 0, outputs.join('\n'))
  for (const output of outputs) assert.match(output, new RegExp(`head ${kept.number} that you kept stands`))
  const { signHead } = await import('../../identity/audit/verify-head.ts')
  const other = await signHead(
    issuing.current().keys,
    { tenant_id: tenant.id, number: kept.number, link: 'ab'.repeat(32), at: kept.at },
    new Date(),
  )
  await blamed(folder, '--head: the trail was rewritten', '--head', other)
  await rm(folder, { recursive: true })
})
