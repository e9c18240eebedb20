import { attributeOf, scanXml } from './scan-xml.ts'
import { resolvePart, type ZipParts } from './zip-parts.ts'

export interface Relation {
  id: string
  /** The last word of its type, e.g. `notesSlide`. */
  type: string
  part: string
}

/** The relations of a part of an Office document, in order. */
export const readRelations = async (parts: ZipParts, part: string): Promise<Relation[]> => {
  const at = part.lastIndexOf('/') + 1
  const xml = await parts.readText(`${part.slice(0, at)}_rels/${part.slice(at)}.rels`)
  const relations: Relation[] = []
  scanXml(xml ?? '', {
    open: (name, attributes) => {
      const target = attributeOf(attributes, 'Target')
      if (name !== 'Relationship' || target === undefined || attributes['TargetMode'] === 'External') return
      const type = (attributes['Type'] ?? '').split('/').at(-1) ?? ''
      relations.push({ id: attributes['Id'] ?? '', type, part: resolvePart(part, target) })
    },
  })
  return relations
}
