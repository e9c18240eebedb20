import { parser } from '@lezer/python'
import { type Budget, PythonRefusedError, newBudget } from './budget.ts'

/** A node of the syntax tree, as `@lezer/python` names them. */
export type SyntaxNode = ReturnType<typeof parser.parse>['topNode']

/** Characters. Real lifecycle managers have up to 80,000; a tree takes up to 500 bytes a character. */
export const maxSourceLength = 262_144

export interface PythonSource {
  root: SyntaxNode
  budget: Budget
  textOf: (node: Pick<SyntaxNode, 'from' | 'to'>) => string
  /** Counted from 1. */
  lineOf: (position: number) => number
}

/** The syntax tree of a Python file, whatever is wrong in it. Throws {@link PythonRefusedError} when it is too large. */
export const parsePython = (file: string): PythonSource => {
  if (file.length > maxSourceLength) {
    throw new PythonRefusedError(`the file has more than ${maxSourceLength} characters`)
  }
  const source = file.replace(/^\uFEFF/, '').replaceAll(/\r\n?/g, '\n')
  const budget = newBudget()
  const parse = parser.startParse(source)
  let tree = parse.advance()
  while (!tree) {
    budget.spend(1)
    tree = parse.advance()
  }
  return {
    root: tree.topNode,
    budget,
    textOf: ({ from, to }) => source.slice(from, to),
    lineOf: (position) => source.slice(0, position).split('\n').length,
  }
}

/** The direct children of a node, without comments. */
export const childrenOf = (node: SyntaxNode): SyntaxNode[] => {
  const children: SyntaxNode[] = []
  for (let child = node.firstChild; child; child = child.nextSibling) {
    if (child.name !== 'Comment') children.push(child)
  }
  return children
}

/** Groups of nodes between the nodes of one name; a trailing separator leaves no empty group. */
export const splitAt = (separator: string, nodes: SyntaxNode[]): SyntaxNode[][] => {
  const groups: SyntaxNode[][] = [[]]
  for (const node of nodes) {
    if (node.name === separator) groups.push([])
    else groups.at(-1)?.push(node)
  }
  return groups.filter((group) => group.length > 0)
}

/** What stands between a node's brackets, split at its commas. */
export const itemsOf = (node: SyntaxNode): SyntaxNode[][] => {
  const children = childrenOf(node)
  return splitAt(',', children.slice(1, /^[\])}]$/.test(children.at(-1)?.name ?? '') ? -1 : undefined))
}

export interface MethodCall {
  owner: SyntaxNode
  method: string
  arguments: SyntaxNode[][]
}

/** The parts of `owner.method(…)`, or undefined for any other call. */
export const methodCallOf = ({ textOf }: PythonSource, call: SyntaxNode): MethodCall | undefined => {
  const [callee, list] = childrenOf(call)
  const [owner, operator, method] = callee?.name === 'MemberExpression' ? childrenOf(callee) : []
  if (!owner || !method || !list || operator?.name !== '.') return undefined
  return { owner, method: textOf(method), arguments: itemsOf(list) }
}
