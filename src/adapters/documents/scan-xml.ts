import { Parser } from 'htmlparser2'

/** The parser's time grows with the depth. */
const MAX_DEPTH = 1000

/** Names come without their prefix, since programs choose prefixes as they like. */
export interface XmlHandler {
  open?: (name: string, attributes: Record<string, string>) => void
  text?: (text: string) => void
  close?: (name: string) => void
}

const toLocal = (name: string): string => name.slice(name.indexOf(':') + 1)

/** The declarations of a document type are no text, and the parser takes those in brackets for some. */
const withoutDtd = (xml: string): string => {
  const start = xml.slice(0, 4096).indexOf('<!DOCTYPE')
  const bracket = start < 0 ? -1 : xml.indexOf('[', start)
  if (bracket < 0 || bracket > xml.indexOf('>', start)) return xml
  const end = xml.indexOf(']', bracket)
  return end < 0 ? xml.slice(0, start) : xml.slice(0, start) + xml.slice(xml.indexOf('>', end) + 1)
}

/**
 * Reports the elements and texts of XML in order. Lenient: damaged XML gives what can be read. Entities of a DTD are left
 * as they are, so none can grow. Throws when elements are nested too deeply.
 */
export const scanXml = (xml: string, handler: XmlHandler): void => {
  let depth = 0
  const parser = new Parser(
    {
      onopentag: (name, attributes) => {
        depth++
        if (depth > MAX_DEPTH) throw new Error(`its elements are nested more than ${MAX_DEPTH} deep`)
        handler.open?.(toLocal(name), attributes)
      },
      ontext: (text) => handler.text?.(text),
      onclosetag: (name) => {
        depth--
        handler.close?.(toLocal(name))
      },
    },
    { xmlMode: true, decodeEntities: true },
  )
  parser.write(withoutDtd(xml))
  parser.end()
}

/** The attribute with this name, whatever its prefix. */
export const attributeOf = (attributes: Record<string, string>, name: string): string | undefined =>
  attributes[name] ?? Object.entries(attributes).find(([key]) => key.endsWith(`:${name}`))?.[1]
