import { components } from '../../../areas/components/components.table.ts'
import { type ImportRun, ownerOf, timesOf } from '../import-run.ts'
import { importTable } from '../import-table.ts'
import { hexIdOf } from '../source/row-ids.ts'

export const importComponents = (run: ImportRun): void =>
  importTable(run, {
    source: 'components',
    target: components,
    key: ['id'],
    taken: 'its user has another component of that name',
    read: (row) => {
      const id = hexIdOf(row)
      const componentId = row.line('component_id') || id
      return {
        id,
        userId: ownerOf(run, row),
        componentId,
        name: row.line('name') ?? componentId,
        description: row.prose('description'),
        icon: row.prose('icon'),
        isSystem: row.flag('is_system', false),
        createdAt: timesOf(run, row).createdAt,
        updatedAt: row.time('updated_at'),
      }
    },
  })
