import { importInstallation, type ImportRequest } from '../../src/operate/import/import-installation.ts'
import { oldMasterKey, type OldInstallation, password } from './old-installation.ts'
import type { TestServer } from './test-app.ts'

/** Imports into the database of a server that listens: requests of this process wait until it is done. */
export const importOld = (
  server: Pick<TestServer, 'deps'>,
  { path }: Pick<OldInstallation, 'path'>,
  more: Partial<ImportRequest> = {},
) =>
  importInstallation(server.deps, {
    source: path,
    masterKeys: [oldMasterKey],
    skipUnreadable: false,
    dryRun: false,
    ...more,
  })

/** Requests of an imported user, signed in with the old password. */
export const signInOld = async (server: TestServer, email: string, text = password) => {
  const { status, body } = await server.call('POST', '/api/v1/auth/login', { email, password: text })
  const call = (method: string, path: string, sent?: unknown) =>
    server.call(method, path, sent, { authorization: `Bearer ${body.access_token}` })
  return { status, call, body }
}

/** All rows of a table of the new database. */
// oxlint-disable-next-line typescript/no-explicit-any -- tests look into rows freely
export const rowsOf = (server: TestServer, table: string): any[] =>
  server.database.sqlite.query(`SELECT * FROM "${table}" ORDER BY rowid`).all()
