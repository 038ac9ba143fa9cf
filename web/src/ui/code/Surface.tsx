// The editor itself, in a chunk of its own.
import {
  autocompletion,
  type Completion,
  type CompletionContext,
  closeBrackets,
  completionKeymap,
  insertCompletionText,
  pickedCompletion,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import {
  bracketMatching,
  HighlightStyle,
  indentOnInput,
  StreamLanguage,
  syntaxHighlighting,
} from "@codemirror/language";
import { csharp } from "@codemirror/legacy-modes/mode/clike";
import { powerShell } from "@codemirror/legacy-modes/mode/powershell";
import { python } from "@codemirror/legacy-modes/mode/python";
import { shell } from "@codemirror/legacy-modes/mode/shell";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, type Extension } from "@codemirror/state";
import {
  Decoration,
  drawSelection,
  EditorView,
  highlightActiveLine,
  keymap,
  lineNumbers,
  MatchDecorator,
  ViewPlugin,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useRef } from "react";
import type { CodeEditorProps } from "./CodeEditor";
import { type Language, offer } from "./completion";

type Props = Omit<CodeEditorProps, "label"> & { labelledBy: string; rows: number };

const languages: Record<Language, () => Extension> = {
  Bash: () => StreamLanguage.define(shell),
  PowerShell: () => StreamLanguage.define(powerShell),
  Python: () => StreamLanguage.define(python),
  CSharp: () => StreamLanguage.define(csharp),
  Json: () => json(),
  Text: () => [],
};

const colours = HighlightStyle.define([
  { tag: tags.comment, color: "var(--text-2)", fontStyle: "italic" },
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: "var(--a5)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--a2)" },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: "var(--a3)" },
  { tag: [tags.variableName, tags.definition(tags.variableName), tags.propertyName], color: "var(--a4)" },
  {
    tag: [tags.function(tags.variableName), tags.standard(tags.variableName), tags.className, tags.typeName],
    color: "var(--a6)",
  },
  { tag: [tags.meta, tags.invalid], color: "var(--a1)" },
]);

// Variables stand out in whatever language they are.
const marker = new MatchDecorator({ regexp: /#\{[^{}]*\}/g, decoration: Decoration.mark({ class: "cm-variable" }) });
const marked = ViewPlugin.define(
  (view) => ({
    decorations: marker.createDeco(view),
    update(update) {
      this.decorations = marker.updateDeco(update, this.decorations);
    },
  }),
  { decorations: (plugin) => plugin.decorations },
);

const look = EditorView.theme({
  "&": { backgroundColor: "var(--log-bg)", color: "var(--text)", fontSize: "12.5px" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "20px", maxHeight: "60vh" },
  ".cm-content": { caretColor: "var(--text)", padding: "6px 0" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-gutters": { backgroundColor: "var(--surface-2)", color: "var(--text-2)", border: "none" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "color-mix(in srgb, var(--accent) 7%, transparent)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "color-mix(in srgb, var(--accent) 28%, transparent)",
  },
  ".cm-variable, .cm-variable *": { color: "var(--hold) !important", fontWeight: "600" },
  ".cm-tooltip": {
    backgroundColor: "var(--surface)",
    color: "var(--text)",
    border: "1px solid var(--line-strong)",
    borderRadius: "6px",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)", maxHeight: "220px" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent-bg)", color: "var(--text)" },
  ".cm-completionDetail": { color: "var(--text-2)", fontFamily: "var(--font)", fontStyle: "normal" },
  ".cm-panels": { backgroundColor: "var(--surface-2)", color: "var(--text)" },
});

const fixed: Extension = [
  lineNumbers(),
  history(),
  drawSelection(),
  indentOnInput(),
  bracketMatching(),
  closeBrackets(),
  highlightActiveLine(),
  highlightSelectionMatches(),
  syntaxHighlighting(colours),
  marked,
  look,
  keymap.of([...defaultKeymap, ...historyKeymap, ...searchKeymap, ...completionKeymap, indentWithTab]),
];

// close takes a variable into #{…}, whose end the editor may have put there
// when it was begun.
function close(view: EditorView, option: Completion, from: number, to: number) {
  const end = view.state.sliceDoc(to, to + 1) === "}" ? to + 1 : to;
  view.dispatch({
    ...insertCompletionText(view.state, `${option.label}}`, from, end),
    annotations: pickedCompletion.of(option),
  });
}

// The page may only have styles that carry its nonce.
const nonce = () => document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";

export default function Surface({
  labelledBy,
  value,
  onChange,
  language = "Text",
  completions,
  readOnly,
  rows,
}: Props) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const parts = useRef({ language: new Compartment(), readOnly: new Compartment() });
  const latest = useRef({ onChange, completions, language });
  latest.current = { onChange, completions, language };
  const first = useRef({ value, language, readOnly, labelledBy, rows });

  useEffect(() => {
    if (!host.current) return;
    const begin = first.current;
    const complete = (context: CompletionContext) => {
      const line = context.state.doc.lineAt(context.pos);
      const now = latest.current;
      const made = offer(
        line.text.slice(0, context.pos - line.from),
        line.from,
        now.language,
        now.completions ?? { variables: [] },
        context.explicit,
      );
      return (
        made && {
          from: made.from,
          options: made.options.map((o) => (o.apply?.endsWith("}") ? { ...o, apply: close } : o)),
        }
      );
    };
    const made = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: begin.value,
        extensions: [
          EditorView.cspNonce.of(nonce()),
          fixed,
          autocompletion({ override: [complete], icons: false }),
          parts.current.language.of(languages[begin.language]()),
          parts.current.readOnly.of(EditorState.readOnly.of(Boolean(begin.readOnly))),
          EditorView.contentAttributes.of({ "aria-labelledby": begin.labelledBy }),
          EditorView.theme({ ".cm-content, .cm-gutter": { minHeight: `${begin.rows * 20 + 12}px` } }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) latest.current.onChange(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = made;
    return () => made.destroy();
  }, []);

  useEffect(() => {
    const state = view.current?.state;
    // What is typed comes back as the value; only another text is put in.
    if (!state || state.doc.toString() === value) return;
    view.current?.dispatch({ changes: { from: 0, to: state.doc.length, insert: value } });
  }, [value]);

  useEffect(() => {
    view.current?.dispatch({ effects: parts.current.language.reconfigure(languages[language]()) });
  }, [language]);

  useEffect(() => {
    view.current?.dispatch({
      effects: parts.current.readOnly.reconfigure(EditorState.readOnly.of(Boolean(readOnly))),
    });
  }, [readOnly]);

  return <div ref={host} />;
}
