import { Parser } from 'htmlparser2'
import type { PageNode } from './page-tree.ts'

// What the search for the main content takes a second for. It looks at each element several times, and at the text below
// it: an element or a character costs as often as there are elements around it.
const MAX_DEPTH = 300
const MAX_NODES = 60_000
const MAX_COST = 40_000_000
const ELEMENT_COST = 40

class TooComplexError extends Error {
  override name = 'TooComplexError'
}

/** Counts what a tree would be made of; false as soon as it is too much. */
const createMeter = () => {
  let nodes = 0
  let cost = 0
  return (depth: number, length: number): boolean => {
    nodes++
    cost += depth * length
    return depth <= MAX_DEPTH && nodes <= MAX_NODES && cost <= MAX_COST
  }
}

/** Whether a page is simple enough to make a tree of it. Linear in time; breaks off as soon as it is not. */
export const isSimplePage = (html: string): boolean => {
  const isWithin = createMeter()
  let depth = 0
  const count = (length: number) => {
    if (!isWithin(depth, length)) throw new TooComplexError()
  }
  const onopentag = () => {
    depth++
    count(ELEMENT_COST)
  }
  const handler = {
    onopentag,
    onattribute: () => count(0),
    ontext: ({ length }: string) => count(length),
    onclosetag: () => void depth--,
  }
  try {
    new Parser(handler).end(html)
    return true
  } catch (error) {
    if (error instanceof TooComplexError) return false
    throw error
  }
}

const ELEMENT_NODE = 1

/** The same for the tree that was made: parsers differ in what they take for the end of an element. */
export const isSimpleTree = (root: PageNode): boolean => {
  const isWithin = createMeter()
  let depth = 1
  let node: PageNode | null = root
  while (node) {
    if (!isWithin(depth, node.nodeType === ELEMENT_NODE ? ELEMENT_COST : (node.nodeValue?.length ?? 0))) return false
    if (node.firstChild) {
      node = node.firstChild
      depth++
      continue
    }
    while (node && node !== root && !node.nextSibling) {
      node = node.parentNode
      depth--
    }
    node = !node || node === root ? null : node.nextSibling
  }
  return true
}
