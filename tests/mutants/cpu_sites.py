"""Where a bug can be planted in C++ text: found by its tokens, without a compiler.

clang-format's layout resolves what tokens alone do not: a binary operator has white space on both sides, a template
bracket has none inside. A wrong site does not compile, and run_cpu.py drops it.
"""
import re
from dataclasses import dataclass

COMPARISON = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "&&": "||", "||": "&&"}
SIGN = {"+": "-", "-": "+", "*": "/", "/": "*", "+=": "-=", "-=": "+=", "*=": "/=", "/=": "*="}
PRECEDENCE = {operator: level for level, operators in enumerate([
    "= += -= *= /= %= &= |= ^= <<= >>=", "||", "&&", "|", "^", "&", "== !=", "< <= > >=", "<< >>", "+ -", "* / %",
]) for operator in operators.split()}
OPENING = {")": "(", "]": "[", "}": "{", ">": "<"}

# After these words an expression starts; after a name it does not.
BEFORE_OPERAND = {"return", "throw", "case", "else", "do", "co_return", "co_yield"}
CONTROL = {"if", "while", "for", "switch", "catch", "constexpr"}
KEYWORDS = BEFORE_OPERAND | CONTROL | {"const", "static", "auto", "using", "typedef", "template", "delete", "new",
                                       "goto", "break", "continue", "public", "private", "protected", "friend"}

# Code that only a GPU runs is tested by run.py; macros expand to declarations. Without `reserve`, a program is slower
# but gives the same results.
NOT_HERE = re.compile(r"gpu|is_cpu|require_cpu|TENBIN_|static_assert|__attribute__|__builtin|alignas|\breserve\(")

TOKEN = re.compile(r"""
    (?P<space>\s+|//[^\n]*|/\*.*?\*/)
  | (?P<preprocessor>^[ \t]*\#(?:\\\n|[^\n])*)
  | (?P<string>(?:u8|[LuU])?R"(?P<raw>[^(]*)\(.*?\)(?P=raw)"|(?:u8|[LuU])?"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])+')
  | (?P<number>0[xX][\da-fA-F.']+(?:[pP][+-]?\d+)?[uUlLfF]*|\.?\d[\d.']*(?:[eE][+-]?\d+)?[uUlLfF]*)
  | (?P<word>[A-Za-z_]\w*)
  | (?P<sign><<=|(?<=\s)>>=(?=\s)|(?<=\s)>>(?=\s)|->\*|\.\.\.|->|\+\+|--|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|<<|::|.)
""", re.VERBOSE | re.MULTILINE | re.DOTALL)

SIMPLE_ARGUMENT = re.compile(r"\.?\d[\w.']*|(?!this$|nullptr$|true$|false$)[A-Za-z_]\w*"
                             r"(?:(?:::|\.|->)\w+|\[[\w.: +]*\])*(?:\.(?:size|data|ndim|shape)\(\))?")

NUMBER = "TENBIN_MUTANT_NUMBER"


@dataclass
class Token:
    kind: str
    text: str
    start: int
    end: int
    conditional: bool  # is between #if and #endif
    match: int = -1  # of a bracket: the index of its partner
    template: bool = False  # the brackets < and > of a template

    @property
    def operand(self) -> bool:
        """Whether an operand can end here."""
        if self.kind == "word":
            return self.text not in BEFORE_OPERAND
        closes = self.text in (")", "]", "}") or self.template and self.text == ">"
        return closes or self.kind in ("number", "string")


@dataclass
class Site:
    """One bug: `before` and `after` go around text[start:end], which stays the branch without the bug. NUMBER in
    them is replaced by the bug's number."""
    file: str
    kind: str
    change: str
    line: str
    edits: list  # of (start, end, before, after)
    name: str = ""


class Source:
    def __init__(self, file: str, text: str):
        self.file = file
        self.text = text
        self.tokens = []
        self.tokenize()
        self.match_brackets()
        self.blocks = {i: self.block_kind(i) for i, token in enumerate(self.tokens) if token.text == "{"}
        self.sites = []

    def tokenize(self):
        depth = 0
        for found in TOKEN.finditer(self.text):
            kind = found.lastgroup if found.lastgroup != "raw" else "string"
            text = found.group()
            if kind == "preprocessor":
                directive = text.replace(" ", "")
                depth += directive.startswith("#if")
                depth -= directive.startswith("#endif")
            elif kind != "space":
                self.tokens.append(Token(kind, text, found.start(), found.end(), depth > 0))

    def spaced_before(self, i: int) -> bool:
        return self.text[self.tokens[i].start - 1:self.tokens[i].start].isspace()

    def spaced_after(self, i: int) -> bool:
        return self.text[self.tokens[i].end:self.tokens[i].end + 1].isspace()

    def binary(self, i: int) -> bool:
        """Whether the token is a binary operator."""
        token = self.tokens[i]
        return token.text in PRECEDENCE and token.match < 0 and self.spaced_before(i) and self.spaced_after(i)

    def match_brackets(self):
        stack = []
        for i, token in enumerate(self.tokens):
            if token.kind != "sign":
                continue
            if token.text in "([{":
                stack.append(i)
            elif token.text == "<" and i > 0 and not self.spaced_after(i) and (
                    not self.spaced_before(i) or self.tokens[i - 1].text == "template"):
                if self.tokens[i - 1].kind == "word" and self.tokens[i - 1].text != "operator":
                    stack.append(i)
            elif token.text in OPENING and not (token.text == ">" and self.spaced_before(i)):
                opening = OPENING[token.text]
                if token.text == ">" and (not stack or self.tokens[stack[-1]].text != "<"):
                    continue
                while stack and self.tokens[stack[-1]].text != opening:
                    stack.pop()
                if stack:
                    partner = stack.pop()
                    token.match, self.tokens[partner].match = partner, i
                    token.template = self.tokens[partner].template = token.text == ">"

    def block_kind(self, i: int) -> str:
        """The kind of a brace: "code", "scope" (of a namespace or a class), "enum" or "list" (of values)."""
        if i == 0 or not self.spaced_before(i):
            return "list"
        before = self.tokens[i - 1]
        if before.text in ("=", "(", ",", "return", "<") or before.text == "{" and self.block_kind(i - 1) == "list":
            return "list"
        if before.text in (";", ":"):
            return "code"
        words = self.head_words(i)
        if "enum" in words:
            return "enum"
        return "scope" if words & {"class", "struct", "union", "namespace", "extern"} else "code"

    def head_words(self, i: int) -> set:
        """The words of the statement before token i, outside of its brackets."""
        return self.words_back(i - 1, lambda token, j: token.text == "{")

    def words_back(self, j: int, begins) -> set:
        """The words from token j back to the end of another statement, or to where `begins`, outside of brackets."""
        words = set()
        while j >= 0:
            token = self.tokens[j]
            if token.text == ";" or token.text == "}" and self.blocks_end(j) or begins(token, j):
                break
            if 0 <= token.match < j:
                j = token.match
            elif token.kind == "word":
                words.add(token.text)
            j -= 1
        return words

    def blocks_end(self, j: int) -> bool:
        """Whether the closing brace ends a block rather than a list of values."""
        opening = self.tokens[j].match
        return opening < 0 or self.spaced_before(opening) and self.tokens[opening - 1].text not in ("=", "(", ",")

    def enclosing(self, i: int) -> int:
        """The bracket that encloses token i; -1: none."""
        j = i - 1
        while j >= 0:
            token = self.tokens[j]
            if token.text in ("(", "[", "{") or token.template and token.text == "<":
                return j
            j = token.match - 1 if 0 <= token.match < j else j - 1
        return -1

    def allowed(self, i: int) -> bool:
        """Whether the expression at token i is computed at run time, on the CPU."""
        token = self.tokens[i]
        if token.conditional or NOT_HERE.search(self.line(i)):
            return False
        outer = i
        while (outer := self.enclosing(outer)) >= 0:
            opening = self.tokens[outer]
            if opening.template:
                return False
            if opening.text == "{" and self.blocks[outer] == "enum":
                return False
            if opening.text == "[" and outer > 1 and self.declares(outer - 1):
                return False  # the length of an array
            if opening.text == "{" and self.blocks[outer] in ("code", "scope"):
                break
        return not self.statement_words(i) & {"constexpr", "case", "static_assert", "template", "using", "decltype"}

    def declares(self, i: int) -> bool:
        """Whether token i is the name that a declaration introduces."""
        before = self.tokens[i - 1]
        return self.tokens[i].kind == "word" and (before.kind == "word" and before.text not in BEFORE_OPERAND
                                                  or before.text in (">", "*", "&") and not self.binary(i - 1))

    def statement_words(self, i: int) -> set:
        return self.words_back(i, lambda token, j: token.text == "{" and self.blocks[j] != "list")

    def line(self, i: int) -> str:
        token = self.tokens[i]
        start = self.text.rfind("\n", 0, token.start) + 1
        end = self.text.find("\n", token.end)
        return " ".join(self.text[start:end if end >= 0 else None].split("//")[0].split())

    def plain(self, start: int, end: int) -> str:
        """The text in one line, without comments."""
        if start >= end:
            return ""
        parts = []
        for token in self.tokens_between(start, end):
            parts.append(("" if self.text[token.start - 1] not in " \n" else " ") + token.text)
        return "".join(parts).strip()

    def tokens_between(self, start: int, end: int) -> list:
        return [token for token in self.tokens if start <= token.start and token.end <= end]

    def left_end(self, i: int, level: int) -> int:
        """The start of the left operand of the operator at i."""
        j = i - 1
        while j >= 0:
            token = self.tokens[j]
            if token.match >= 0 and token.match < j:
                if token.text == "}" and self.blocks[token.match] != "list":
                    break
                if token.text == ")" and self.tokens[token.match - 1].text in CONTROL:
                    break
                j = token.match - 1
                continue
            if token.match > j or token.text in (";", ",", "?", ":", "(", "[", "{"):
                break
            if token.text in BEFORE_OPERAND or self.binary(j) and PRECEDENCE[token.text] < level:
                break
            j -= 1
        return self.tokens[j + 1].start

    def right_end(self, i: int, level: int) -> int:
        """The end of the right operand of the operator at i."""
        j = i + 1
        while j < len(self.tokens):
            token = self.tokens[j]
            if token.match > j:
                j = token.match + 1
                continue
            if token.match >= 0 or token.text in (";", ",", "?", ":", ")", "]", "}"):
                break
            if self.binary(j) and (PRECEDENCE[token.text] <= level if level > 0 else False):
                break
            j += 1
        return self.tokens[j - 1].end

    def postfix_end(self, i: int) -> int:
        """The token after the operand that starts at i: a name or number with its calls, indices and members."""
        j = i
        while j < len(self.tokens) and self.tokens[j].text in ("-", "+", "!", "*", "&", "~"):
            j += 1
        while j < len(self.tokens):
            token = self.tokens[j]
            if token.text in ("(", "[") or token.text == "{" and not self.spaced_before(j) or token.match > j and \
                    token.template:
                if j > i and self.spaced_before(j):
                    break
                j = token.match + 1
            elif token.text in ("::", ".", "->"):
                j += 1
            elif token.kind in ("word", "number") and (j == i or not self.tokens[j - 1].operand):
                j += 1
            else:
                break
        return j

    def add(self, i: int, kind: str, change: str, edits: list):
        self.sites.append(Site(self.file, kind, change, self.line(i), edits))

    def choice(self, start: int, end: int, mutated: str) -> tuple:
        return (start, end, f"(TENBIN_MUTANT_IS({NUMBER}) ? ({mutated}) : (", "))")

    def find(self) -> list:
        for i, token in enumerate(self.tokens):
            if self.binary(i) and (token.text in COMPARISON or token.text in SIGN):
                self.find_operator(i)
            elif token.text == "-" and i > 0 and not self.spaced_after(i) and not self.tokens[i - 1].operand:
                self.find_minus(i)
            elif token.kind == "number" or token.text in ("true", "false"):
                self.find_constant(i)
            elif token.text in ("min", "max") and self.tokens[i - 2].text == "std":
                self.find_extremum(i)
            if token.text == "(" and i > 0 and token.match > i and not self.spaced_before(i):
                self.find_arguments(i)
            self.find_statement(i)
        self.name_sites()
        return self.sites

    def find_operator(self, i: int):
        token = self.tokens[i]
        texts = "string" in (self.tokens[i - 1].kind, self.tokens[i + 1].kind)
        if not self.allowed(i) or texts and token.text == "+":
            return
        kind, table = ("comparison", COMPARISON) if token.text in COMPARISON else ("sign", SIGN)
        level = PRECEDENCE[token.text]
        start, end = self.left_end(i, level), self.right_end(i, level)
        other = table[token.text]
        if token.text == "-" and self.text[:start].endswith("static_cast<std::size_t>("):
            return  # mostly pointers, which cannot be added
        mutated = f"{self.plain(start, token.start)} {other} {self.plain(token.end, end)}"
        self.add(i, kind, f"{token.text} becomes {other}", [self.choice(start, end, mutated)])

    def find_minus(self, i: int):
        if self.allowed(i):
            start, end = self.tokens[i].start, self.tokens[self.postfix_end(i + 1) - 1].end
            self.add(i, "sign", f"no minus before {self.tokens[i + 1].text}",
                     [self.choice(start, end, self.plain(self.tokens[i].end, end))])

    def find_constant(self, i: int):
        token = self.tokens[i]
        before = self.tokens[i - 1].text, self.tokens[i - 2].text
        if before[0] == "=" and before[1] in (")", "const", "noexcept", "override"):
            return  # a pure virtual function
        if not self.allowed(i):
            return
        if token.kind == "word":
            mutated = "false" if token.text == "true" else "true"
        elif re.match(r"0[xX][^.pP]*$|[\d']+[uUlL]*$", token.text):
            mutated = f"{token.text} + 1"
        else:
            zero = not re.search(r"[1-9]", re.split(r"[eEpP]", token.text)[0])
            mutated = f"{token.text} + 1" if zero else f"{token.text} * 2"
        self.add(i, "constant", f"{token.text} becomes {mutated}", [self.choice(token.start, token.end, mutated)])

    def find_extremum(self, i: int):
        token = self.tokens[i]
        end = self.postfix_end(i) - 1
        if not self.allowed(i) or self.tokens[end].text != ")":
            return
        other = "max" if token.text == "min" else "min"
        start, stop = self.tokens[i - 2].start, self.tokens[end].end
        self.add(i, "comparison", f"{token.text} becomes {other}",
                 [self.choice(start, stop, f"std::{other}{self.plain(token.end, stop)}")])

    def find_arguments(self, i: int):
        called = self.tokens[i - 1]
        if called.kind == "word" and called.text in KEYWORDS or called.kind not in ("word", "sign"):
            return
        if called.text not in (">", "]") and called.kind == "sign" or not self.allowed(i):
            return
        if called.text in ("min", "max"):
            return  # swapped arguments would be the same
        arguments = [[]]
        j = i + 1
        while j < self.tokens[i].match:
            if self.tokens[j].text == ",":
                arguments.append([])
            else:
                step = max(self.tokens[j].match, j)
                arguments[-1] += range(j, step + 1)
                j = step
            j += 1
        for a, b in zip(arguments, arguments[1:]):
            if not a or not b:
                continue
            spans = [(self.tokens[x[0]].start, self.tokens[x[-1]].end) for x in (a, b)]
            first, second = (self.text[slice(*span)] for span in spans)
            if first == second or not SIMPLE_ARGUMENT.fullmatch(first) or not SIMPLE_ARGUMENT.fullmatch(second):
                continue
            self.add(i, "argument", f"{first} and {second} swapped",
                     [(*spans[0], f"TENBIN_MUTANT_PICK({NUMBER}, ", f", {second})"),
                      (*spans[1], f"TENBIN_MUTANT_PICK({NUMBER}, ", f", {first})")])

    def find_statement(self, i: int):
        """A call, an assignment or a jump that can be left out, if one starts here."""
        token, before = self.tokens[i], self.tokens[i - 1] if i > 0 else None
        if before is None or token.kind != "word" and token.text not in ("++", "--", "*", "("):
            return
        outer = self.enclosing(i)
        if outer < 0 or self.tokens[outer].text != "{" or self.blocks[outer] != "code":
            return
        guarded = before.text == ")" and self.tokens[before.match - 1].text in CONTROL or before.text == "else"
        if not guarded and before.text not in (";", "{", "}"):
            return
        if before.text == "}" and not self.blocks_end(i - 1):
            return
        if token.text in ("return", "throw"):
            if not guarded or before.text == "else" or self.tokens[before.match - 1].text != "if":
                return  # the function would end without a return
        elif token.text not in ("break", "continue", "delete"):
            if token.text in KEYWORDS or not self.is_expression(i):
                return
        end = i
        while end < len(self.tokens) and self.tokens[end].text != ";":
            end = max(self.tokens[end].match, end) + 1
        if end >= len(self.tokens) or not self.allowed(i):
            return
        text = self.plain(token.start, self.tokens[end].end)
        if NOT_HERE.search(text):
            return
        self.add(i, "statement", f"dropped: {text}"[:100].rstrip(),
                 [(token.start, self.tokens[end].end, f"{{ if (!TENBIN_MUTANT_IS({NUMBER})) ", " }")])

    def is_expression(self, i: int) -> bool:
        """Whether the statement at i is a call or an assignment rather than a declaration."""
        prefixed = self.tokens[i].text in ("++", "--")
        j = self.postfix_end(i + 1 if prefixed else i)
        if j >= len(self.tokens):
            return False
        follows = self.tokens[j].text
        called = self.tokens[j - 1].text == ")"
        if follows == ";":
            return prefixed or called
        return follows in ("++", "--") or self.binary(j) and PRECEDENCE[follows] == 0 or called and follows == "<<"

    def name_sites(self):
        seen = {}
        for site in self.sites:
            what = site.change if site.change.startswith("dropped") else f"{site.change} in: {site.line}"
            name = f"{site.file}: {what}"
            seen[name] = seen.get(name, 0) + 1
            site.name = name if seen[name] == 1 else f"{name} ({seen[name]})"


def find_sites(file: str, text: str) -> list:
    return Source(file, text).find()


def planted(text: str, sites: list) -> str:
    """The text with the bugs in it, each of which is off unless its number is chosen. sites: (number, site)."""
    edits = sorted(((*edit, str(number)) for number, site in sites for edit in site.edits),
                   key=lambda edit: (edit[0], -edit[1]))
    inserted = []  # at one position, ends come before starts, and inner ends before outer ones
    for depth, (start, end, before, after, number) in enumerate(edits):
        inserted.append((start, 1, depth, before.replace(NUMBER, number)))
        inserted.append((end, 0, -depth, after.replace(NUMBER, number)))
    parts, last = [], 0
    for position, _, _, piece in sorted(inserted):
        parts += [text[last:position], piece]
        last = position
    return "".join(parts) + text[last:]
