import PostalMime, { type Address } from 'postal-mime'
import { htmlToText } from '../html-text.ts'
import type { FormatReader } from './format-reader.ts'

const toText = (address: Address): string => {
  if (address.group) return `${address.name}: ${address.group.map(toText).join(', ')};`
  return address.name ? `${address.name} <${address.address}>` : (address.address ?? '')
}

/** A mail with the text of its nested parts. Of a text that comes as plain text and as a page, the plain one. */
export const readEmail: FormatReader = async ({ bytes, stripBoilerplate }) => {
  const mail = await PostalMime.parse(bytes, { maxNestingDepth: 50 })
  const { subject = '', from, to = [], attachments, text, html, headers } = mail
  if (headers.length === 0) throw new Error('it has no headers')
  const body = text?.trim() ? text : html === undefined ? '' : htmlToText(html, { stripBoilerplate }).text
  return {
    text: body,
    metadata: {
      subject,
      from: from ? toText(from) : '',
      to: to.map(toText).join(', '),
      attachments: attachments.length,
    },
  }
}
