import TurndownService from 'turndown'
import type { PageElement, PageNode } from './page-tree.ts'

const cellText = (content: string) =>
  content
    .replaceAll(/\s*\n\s*/g, ' ')
    .replaceAll('|', '\\|')
    .trim()
const isCell = (node: PageNode) => node.nodeName === 'TD' || node.nodeName === 'TH'

/** Under the first row, which Markdown takes for the heads of the columns. */
const ruleBelow = (row: PageElement) => {
  if (row.closest('table')?.querySelector('tr') !== row) return ''
  return `\n|${' --- |'.repeat([...row.children].filter(isCell).length)}`
}

const createConverter = () => {
  const turndown = new TurndownService({ headingStyle: 'atx', codeBlockStyle: 'fenced', bulletListMarker: '-' })
  turndown.remove(['title', 'script', 'style', 'noscript', 'iframe', 'object', 'button'])
  turndown.addRule('picture', {
    filter: (node) => /^(svg|img|picture|video|audio|canvas)$/i.test(node.nodeName),
    replacement: () => '',
  })
  turndown.addRule('cell', { filter: ['td', 'th'], replacement: (content) => ` ${cellText(content)} |` })
  turndown.addRule('row', {
    filter: 'tr',
    replacement: (content, node) => (content.trim() === '' ? '' : `\n|${content}${ruleBelow(node)}`),
  })
  turndown.addRule('rows', { filter: ['thead', 'tbody', 'tfoot'], replacement: (content) => content })
  turndown.addRule('table', { filter: 'table', replacement: (content) => `\n\n${content.trim()}\n\n` })
  return turndown
}

/** What is in an element as Markdown (GitHub's, with tables); pictures are left out. */
export const toMarkdown = (root: PageElement): string => createConverter().turndown(root)
