import { personas } from '../../../areas/personas/personas.table.ts'
import { findModelSettingsFault } from '../../../areas/personas/model-settings.ts'
import { toSearchText } from '../../../areas/personas/personas.store.ts'
import { type ImportRun, ownerOf, timesOf } from '../import-run.ts'
import { importTable } from '../import-table.ts'
import { hexIdOf } from '../source/row-ids.ts'
import { objectOf, textsOf } from '../source/row-json.ts'
import type { SourceRow } from '../source/source-row.ts'

const modelSettingsOf = (row: SourceRow) => {
  const settings = objectOf(row, 'model_settings')
  if (settings && findModelSettingsFault(settings))
    row.note('warning', 'its model settings hold a value that cannot be saved again')
  return settings
}

export const importPersonas = (run: ImportRun): void =>
  importTable(run, {
    source: 'personas',
    target: personas,
    key: ['id'],
    read: (row) => {
      const content = {
        name: row.line('name') ?? '',
        description: row.prose('description'),
        systemPrompt: row.prose('system_prompt') ?? '',
      }
      return {
        ...content,
        id: hexIdOf(row),
        userId: ownerOf(run, row),
        modelSettings: modelSettingsOf(row),
        avatar: row.prose('avatar'),
        tags: textsOf(row, 'tags'),
        sampleGreeting: row.prose('sample_greeting'),
        isActive: row.flag('is_active', true),
        searchText: toSearchText(content),
        ...timesOf(run, row),
      }
    },
  })
