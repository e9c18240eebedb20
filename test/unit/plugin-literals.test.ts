import { describe, expect, test } from 'bun:test'
import { metadataOf, managerWith, valueOf } from '../support/plugin-metadata.ts'

describe('values', () => {
  const values: [string, unknown][] = [
    [`'single'`, 'single'],
    [`"double"`, 'double'],
    [`""`, ''],
    [`'''triple 'quoted' text'''`, "triple 'quoted' text"],
    ['"""two\nlines"""', 'two\nlines'],
    [`"it's {a} [b] #c"`, "it's {a} [b] #c"],
    [String.raw`"\\ \' \" \n \t \r \a \b \f \v"`, '\\ \' " \n \t \r \u0007 \b \f \v'],
    [String.raw`"\x41\u00e9\U0001F600\101\0"`, 'Aé😀A\0'],
    [String.raw`"\\n"`, '\\n'],
    [String.raw`"\q \. \d"`, '\\q \\. \\d'],
    ['"one \\\nline"', 'one line'],
    [String.raw`r"\n\x41"`, '\\n\\x41'],
    [String.raw`R'\\'`, '\\\\'],
    [`u"text"`, 'text'],
    [`"a" 'b' """c"""`, 'abc'],
    ['("a"\n  # in between\n  "b"\n)', 'ab'],
    ['"a" \\\n "b"', 'ab'],
    [`"a" + ("b" + 'c') + "d"`, 'abcd'],
    ['"emoji 😀, ü, 漢"', 'emoji 😀, ü, 漢'],
    [`"\\ud83d"`, '\ufffd'],
    ['0', 0],
    ['42', 42],
    ['-2.5', -2.5],
    ['+1', 1],
    ['- -1', 1],
    ['1_000', 1000],
    ['0x1F', 31],
    ['0o17', 15],
    ['0b101', 5],
    ['1e3', 1000],
    ['.5', 0.5],
    ['True', true],
    ['False', false],
    ['None', null],
    ['(5)', 5],
    ['((("x")))', 'x'],
    ['[]', []],
    ['()', []],
    ['{}', {}],
    ['(1,)', [1]],
    ['(1, "b",)', [1, 'b']],
    ['[1, [2, {"a": (3,)}],\n\n]', [1, [2, { a: [3] }]]],
    ['{"a": 1, \'b\': {"c": None,},\n# d\n\n}', { a: 1, b: { c: null } }],
    ['{"a" "b": 1, 2: "c"}', { ab: 1, 2: 'c' }],
    ['{"a": 1, "a": 2}', { a: 2 }],
    ['["a"] + ["b", 1]', ['a', 'b', 1]],
    ['1 + 2', 3],
    ['json.dumps({"a": [1, None, "ü"]}, indent=2)', '{"a":[1,null,"ü"]}'],
    ['options.get("k", "default")', 'default'],
    ['os.environ.get("PORT", 8080)', 8080],
  ]
  test.each(values)('%s', (expression, expected) => expect(valueOf(expression)).toEqual(expected))

  const unresolvable = [
    'datetime.datetime.now().isoformat()',
    'str(5)',
    'options.get("k")',
    'unknown',
    'unknown.attribute',
    'self.never_assigned',
    '1 if ready else 2',
    '[x for x in y]',
    '{x: 1 for x in y}',
    '{1, 2}',
    'lambda: 1',
    'not True',
    '"a" * 3',
    '"a" % 1',
    '"a" + 1',
    '"a" or "b"',
    '(n := 3)',
    '...',
    '3j',
    '~1',
    '1e999',
    'b"bytes"',
    '"a" b"b"',
    String.raw`"\N{BULLET}"`,
    String.raw`"\UFFFFFFFF"`,
    'f"{unknown}"',
    'f"{1:>4}"',
    'f"{1!r}"',
    'f"{1=}"',
    'f"{2.5}"',
    'await thing()',
    'json.dumps()',
    'json.loads("{}")',
    'print("x")',
    '__import__("os").system("true")',
  ]
  test.each(unresolvable)('%s cannot be known: null, its neighbour stays', (expression) => {
    const { pluginData, notes } = metadataOf(managerWith([`self.plugin_data = {"it": ${expression}, "other": 1}`]))
    expect(pluginData).toEqual({ it: null, other: 1 })
    expect(notes).toHaveLength(1)
    expect(notes[0]).toStartWith('plugin_data.it: line 4 holds no plain value: ')
  })

  test('an element of a list that cannot be known is null; a key or a spread is left out', () => {
    const source = 'self.plugin_data = {"a": [1, f(), *more, 2], f(): 3, **more, "b": 4}'
    const { pluginData, notes } = metadataOf(managerWith([source]))
    expect(pluginData).toEqual({ a: [1, null, null, 2], b: 4 })
    expect(notes).toHaveLength(4)
  })

  test('names of the prototype are keys like any other', () => {
    const { pluginData } = metadataOf(
      managerWith(['self.plugin_data = {"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}']),
    )
    expect(Object.keys(pluginData)).toEqual(['__proto__', 'constructor'])
    expect(JSON.stringify(pluginData)).toBe('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}')
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
    expect(Object.getPrototypeOf(pluginData)).toBe(Object.prototype)
  })
})

describe('references', () => {
  const before =
    'NAME = "lamp"\nCOUNT: int = 3\nDEEP = {"a": {"b": [10, 20]}, "none": None}\nFLAG = True\nSAME = SAME\n'
  const values: [string, unknown][] = [
    ['NAME', 'lamp'],
    ['COUNT', 3],
    ['DEEP["a"]["b"][1]', 20],
    ['DEEP["a"]["b"][-1]', 20],
    ['DEEP.get("a")', { b: [10, 20] }],
    ['DEEP.get("x")', null],
    ['DEEP.get("none", 1)', null],
    ['{**DEEP["a"], "c": 1}', { b: [10, 20], c: 1 }],
    ['f"{NAME}-{COUNT}"', 'lamp-3'],
    ['f"{{{NAME}}}"', '{lamp}'],
    ['f"{ NAME }\\n{FLAG}"', 'lamp\nTrue'],
    ['f"{NAME!s}"', 'lamp'],
    ['f\'{DEEP["a"]["b"][0]} of {None}\'', '10 of None'],
    [String.raw`rf"\n{NAME}"`, '\\nlamp'],
    ['f"""two\n{NAME}"""', 'two\nlamp'],
    ['f"{NAME}" " and " f"{f\'{COUNT}\'}"', 'lamp and 3'],
    ['SAME', null],
    ['DEEP["x"]', null],
    ['DEEP[0:1]', null],
    ['toString', null],
    ['DEEP["constructor"]', null],
  ]
  test.each(values)('%s', (expression, expected) => expect(valueOf(expression, before)).toEqual(expected))
})

describe('statements', () => {
  const dataAfter = (lines: string[], before = '') => metadataOf(managerWith(lines, before)).pluginData

  test('the later assignment counts', () => {
    expect(dataAfter(['self.plugin_data = {"a": 1}', 'self.plugin_data = {"b": 2}'])).toEqual({ b: 2 })
  })

  test('items, update, += and attributes of attributes', () => {
    const lines = [
      'data: dict = {"list": ["a"]}',
      'data["x"] = y = 1',
      'data["deep"] = {}',
      'data["deep"]["er"] = y',
      'data["list"] += ["b"]',
      'data["list"].append("c")',
      'data.update({"z": "é"}); data.update(unknown)',
      'self.title: str = "T"',
      'self.title += "!"',
      'self.plugin_data = data',
      'self.plugin_data["title"] = self.title',
    ]
    const expected = { list: ['a', 'b', 'c'], x: 1, deep: { er: 1 }, z: 'é', title: 'T!' }
    expect(dataAfter(lines)).toEqual(expected)
  })

  test('what is unpacked or changed in another way is not known any more', () => {
    const lines = [
      'a = 1',
      'b = 2',
      'a, b = 3, 4',
      '(c, d) = 5, 6',
      'e = 1',
      'e -= 1',
      'self.plugin_data = {"a": a, "b": b, "c": c, "e": e}',
    ]
    expect(dataAfter(lines)).toEqual({ a: null, b: null, c: null, e: null })
  })

  test('conditions and loops are left out; try and with are not, except is', () => {
    const lines = [
      'self.plugin_data = {"a": 1}',
      'if x:\n            self.plugin_data["a"] = 2',
      'for i in x:\n            self.plugin_data["a"] = 3',
      'try:\n            self.plugin_data["b"] = 1\n        except E:\n            self.plugin_data["b"] = 2\n        finally:\n            self.plugin_data["c"] = 3',
      'with x as y:\n            self.plugin_data["d"] = 4',
      'def inner():\n            self.plugin_data["a"] = 5',
    ]
    expect(dataAfter(lines)).toEqual({ a: 1, b: 1, c: 3, d: 4 })
  })

  test('a parameter hides a constant of the same name', () => {
    const source =
      'SLUG = "a"\nclass XLifecycleManager:\n  def __init__(me, SLUG, b=SLUG, *c, **d):\n    me.plugin_data = {"a": SLUG}'
    expect(metadataOf(source).pluginData).toEqual({ a: null })
  })

  test('names of a class are reached through it, not bare', () => {
    const source = [
      'class XLifecycleManager:',
      '  A = "class"',
      '  def __init__(self):',
      '    self.B = "instance"',
      '    self.plugin_data = {"bare": A, "self": self.A, "class": XLifecycleManager.A, "b": self.B, "other": Y.A}',
    ].join('\n')
    expect(metadataOf(source).pluginData).toEqual({
      bare: null,
      self: 'class',
      class: 'class',
      b: 'instance',
      other: null,
    })
  })

  test.each(['\r\n', '\r'])('line ends %j', (end) => {
    const source = managerWith(['self.plugin_data = {\n  "a": """x\ny""",\n}'])
    expect(metadataOf(source.replaceAll('\n', end)).pluginData).toEqual({ a: 'x\ny' })
  })

  test('a byte order mark and tabs', () => {
    const source = '\uFEFFclass XLifecycleManager:\n\tdef __init__(self):\n\t\tself.plugin_data = {"a": 1}\n'
    expect(metadataOf(source).pluginData).toEqual({ a: 1 })
  })
})
