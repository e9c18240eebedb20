import PostalMime, { type Address, type Email } from 'postal-mime'
import { htmlToText } from '../html-text.ts'
import type { FormatReader } from './format-reader.ts'

/** Mails that were forwarded as attachments, in each other and in all. */
const MAX_FORWARDED_DEPTH = 5
const MAX_FORWARDED = 50

const toText = (address: Address): string => {
  if (address.group) return `${address.name}: ${address.group.map(toText).join(', ')};`
  return address.name ? `${address.name} <${address.address}>` : (address.address ?? '')
}

const parse = (content: string | ArrayBuffer | Uint8Array): Promise<Email> =>
  PostalMime.parse(content, { maxNestingDepth: 50 })

const bodyOf = ({ text, html }: Email, stripBoilerplate: boolean): string => {
  if (text?.trim()) return text
  return html === undefined ? '' : htmlToText(html, { stripBoilerplate }).text
}

/** A mail with the text of its nested parts and attached mails. Of plain text and a page that say the same, the former. */
export const readEmail: FormatReader = async ({ bytes, stripBoilerplate }) => {
  const mail = await parse(bytes)
  const { subject = '', from, to = [], attachments, headers } = mail
  if (headers.length === 0) throw new Error('it has no headers')
  const blocks = [bodyOf(mail, stripBoilerplate)]
  let forwarded = 0
  const addForwarded = async ({ attachments: files }: Email, depth: number): Promise<void> => {
    for (const { mimeType, content } of files) {
      if (mimeType !== 'message/rfc822' || depth > MAX_FORWARDED_DEPTH || ++forwarded > MAX_FORWARDED) continue
      const inner = await parse(content).catch(() => undefined)
      if (!inner) continue
      blocks.push(`--- Attached mail: ${inner.subject ?? ''} ---\n\n${bodyOf(inner, stripBoilerplate)}`)
      await addForwarded(inner, depth + 1)
    }
  }
  await addForwarded(mail, 1)
  return {
    text: blocks.join('\n\n'),
    metadata: {
      subject,
      from: from ? toText(from) : '',
      to: to.map(toText).join(', '),
      attachments: attachments.length,
    },
  }
}
