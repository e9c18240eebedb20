import type { Report } from '../import-report.ts'
import type { SourceDatabase } from '../source/source-database.ts'

const roles = 'users are administrators or members here: what they were is taken from it'
const unused = 'the old server never used it'

/** Tables of the backend that have no place here. */
const reasons: Record<string, string> = {
  tenants: roles,
  tenant_users: roles,
  user_roles: roles,
  role_permissions: unused,
  role: unused,
  oauth_accounts: unused,
  sessions: 'everybody signs in anew',
  job_attempts: 'a job itself says how it ended',
  job_subscriptions: unused,
  job_type_definitions: 'types of jobs are part of the program',
  worker_capabilities: unused,
  plugin_state_configs: unused,
  mcp_server_registry: 'tools are not called yet, and their servers can be registered anew',
  mcp_tool_registry: 'tools are not called yet, and their servers can be registered anew',
}

/** Tells of all tables with rows in them that no part of the import has read. */
export const reportLeftOutTables = (source: SourceDatabase, report: Report): void => {
  const read = new Set(report.result().tables.map(({ table }) => table))
  for (const table of source.tables.filter((one) => !read.has(one) && one !== 'alembic_version')) {
    const count = source.count(table)
    const reason = Object.hasOwn(reasons, table) ? reasons[table] : undefined
    if (count > 0) report.leaveOut(table, count, reason ?? 'it is no table of the backend')
  }
}
