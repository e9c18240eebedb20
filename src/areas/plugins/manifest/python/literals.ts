import { getFrom, itemOf, known, showInText, sumOf, toKey } from './operations.ts'
import { decodeString, textsAround } from './strings.ts'
import { type PythonSource, type SyntaxNode, childrenOf, itemsOf, methodCallOf } from './syntax.ts'
import { type PythonDict, type PythonValue, Unresolved, joined, measured, toJson } from './values.ts'

/** What an expression may refer to. */
export interface Scope {
  source: PythonSource
  /** Undefined when nothing was assigned to that name so far. */
  nameValue: (name: string) => PythonValue | undefined
  /** As `self.plugin_data`. */
  attributeValue: (owner: string, name: string) => PythonValue | undefined
}

type Evaluate = (node: SyntaxNode, scope: Scope, depth: number) => PythonValue | undefined

const maxExpressionDepth = 80

/**
 * The value of an expression, without running anything (plugins.md B1.4): literals, names and attributes that were
 * assigned such a value, items of them, `+`, f-strings of them, `json.dumps(…)`, `….get(key, default)`. Anything else
 * is {@link Unresolved}, alone: its neighbours keep their values. Throws only `PythonRefusedError`.
 */
export const evaluate = (node: SyntaxNode, scope: Scope, depth = 0): PythonValue => {
  scope.source.budget.spend(1)
  const value = depth < maxExpressionDepth ? evaluators.get(node.name)?.(node, scope, depth + 1) : undefined
  return value === undefined ? new Unresolved(node.from, node.to) : value
}

const evaluateNumber: Evaluate = (node, { source }) => {
  const value = Number(source.textOf(node).replaceAll('_', ''))
  return Number.isFinite(value) ? value : undefined
}

const evaluateList: Evaluate = (node, scope, depth) =>
  measured(
    scope.source.budget,
    itemsOf(node).map(([item, ...rest]) => {
      if (item && rest.length === 0) return evaluate(item, scope, depth)
      return new Unresolved(item?.from ?? node.from, rest.at(-1)?.to ?? node.to)
    }),
  )

/** Puts one item into the dict: `key: value`, or `**` and another dict. False when it is neither. */
const addItem = (dict: PythonDict, item: SyntaxNode[], scope: Scope, depth: number): boolean => {
  const [first, second, third, ...more] = item
  if (!first || !second || more.length > 0) return false
  if (first.name === '**' && !third) {
    const spread = evaluate(second, scope, depth)
    if (!(spread instanceof Map)) return false
    scope.source.budget.spend(spread.size)
    for (const [key, value] of spread) dict.set(key, value)
    return true
  }
  const key = second.name === ':' ? toKey(evaluate(first, scope, depth)) : undefined
  if (key === undefined || !third) return false
  dict.set(key, evaluate(third, scope, depth))
  return true
}

const evaluateDict: Evaluate = (node, scope, depth) => {
  const dict: PythonDict = new Map()
  for (const item of itemsOf(node)) {
    if (addItem(dict, item, scope, depth)) continue
    dict.set(new Unresolved(item[0]?.from ?? node.from, item.at(-1)?.to ?? node.to), null)
  }
  return measured(scope.source.budget, dict)
}

/** The operands of `a + b + c` in a loop: the tree of a long sum is as deep as the sum is long. */
const evaluateSum: Evaluate = (node, scope, depth) => {
  const operands: PythonValue[] = []
  let rest = node
  while (rest.name === 'BinaryExpression') {
    const [left, operator, right, ...more] = childrenOf(rest)
    if (!left || !operator || !right || more.length > 0 || scope.source.textOf(operator) !== '+') return undefined
    operands.push(evaluate(right, scope, depth))
    rest = left
  }
  operands.push(evaluate(rest, scope, depth))
  return sumOf(scope.source.budget, operands.toReversed())
}

const evaluateSigned: Evaluate = (node, scope, depth) => {
  const [operator, operand] = childrenOf(node)
  const value = operand && evaluate(operand, scope, depth)
  if (!operator || typeof value !== 'number') return undefined
  const sign = scope.source.textOf(operator)
  if (sign === '-') return -value
  return sign === '+' ? value : undefined
}

const evaluateAdjacent: Evaluate = (node, scope, depth) => {
  const values = childrenOf(node).map((one) => evaluate(one, scope, depth))
  return values.every((value) => typeof value === 'string') ? joined(scope.source.budget, values) : undefined
}

const evaluateField = (field: SyntaxNode, scope: Scope, depth: number): string | undefined => {
  const [, expression, ...rest] = childrenOf(field)
  const isPlain = rest.every((one) => one.name === '}' || scope.source.textOf(one) === '!s')
  return expression && isPlain ? showInText(evaluate(expression, scope, depth)) : undefined
}

/** The fields between the texts of an f-string, each in its place. */
const evaluateFormat: Evaluate = (node, scope, depth) => {
  const children = childrenOf(node).filter((child) => child.name !== 'Escape')
  if (children.some((child) => child.name !== 'FormatReplacement')) return undefined
  const texts = textsAround(
    scope.source.textOf(node),
    children.map(({ from, to }) => ({ from: from - node.from, to: to - node.from })),
  )
  const fields = children.map((child) => evaluateField(child, scope, depth))
  const pieces = texts?.flatMap((text, index) => (index === 0 ? [text] : [fields[index - 1], text]))
  return pieces?.every((piece) => piece !== undefined) ? joined(scope.source.budget, pieces) : undefined
}

const evaluateMember: Evaluate = (node, scope, depth) => {
  const [owner, operator, member, closing] = childrenOf(node)
  if (!owner || !member) return undefined
  if (operator?.name === '.') {
    if (owner.name !== 'VariableName') return undefined
    return known(scope.attributeValue(scope.source.textOf(owner), scope.source.textOf(member)))
  }
  if (closing?.name !== ']') return undefined
  return itemOf(evaluate(owner, scope, depth), evaluate(member, scope, depth))
}

const evaluateCall: Evaluate = (node, scope, depth) => {
  const call = methodCallOf(scope.source, node)
  if (!call) return undefined
  const values = call.arguments.map(([first, ...rest]) =>
    first && rest.length === 0 ? evaluate(first, scope, depth) : undefined,
  )
  if (call.method === 'get') return getFrom(evaluate(call.owner, scope, depth), values[0], values[1])
  if (call.method !== 'dumps' || scope.source.textOf(call.owner) !== 'json' || values[0] === undefined) return undefined
  return joined(scope.source.budget, [JSON.stringify(toJson(scope.source, values[0], 'json.dumps', []))])
}

const evaluators = new Map<string, Evaluate>([
  ['String', (node, { source }) => decodeString(source.textOf(node))],
  ['FormatString', evaluateFormat],
  ['ContinuedString', evaluateAdjacent],
  ['Number', evaluateNumber],
  ['Boolean', (node, { source }) => source.textOf(node) === 'True'],
  ['None', () => null],
  ['ArrayExpression', evaluateList],
  ['TupleExpression', evaluateList],
  ['DictionaryExpression', evaluateDict],
  [
    'ParenthesizedExpression',
    (node, scope, depth) => {
      const [item, ...rest] = itemsOf(node).flat()
      return item && rest.length === 0 ? evaluate(item, scope, depth) : undefined
    },
  ],
  ['UnaryExpression', evaluateSigned],
  ['BinaryExpression', evaluateSum],
  ['VariableName', (node, { source, nameValue }) => known(nameValue(source.textOf(node)))],
  ['MemberExpression', evaluateMember],
  ['CallExpression', evaluateCall],
])
