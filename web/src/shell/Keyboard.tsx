import { Modal, Switch } from "@mantine/core";
import { t } from "~/text/t";
import { commandKey, setLetters, useLetters } from "./keys";
import classes from "./Palette.module.css";

type Group = { title: string; keys: [string, string][] };

const groups = (): Group[] => [
  {
    title: t("Everywhere"),
    keys: [
      [`${commandKey} K`, t("Search and commands")],
      ["/", t("To the filter")],
      ["?", t("These keys")],
      ["g d", t("Dashboard")],
      ["g p", t("Projects")],
      ["g i", t("Infrastructure")],
      ["g t", t("Tasks")],
      ["g a", t("Audit")],
    ],
  },
  {
    title: t("In a project"),
    keys: [
      ["c", t("Create a release")],
      ["D", t("Deploy this release, or the newest")],
    ],
  },
  {
    title: t("In tables"),
    keys: [
      ["↑ ↓", t("Through the rows")],
      ["← →", t("Through a row")],
      ["Enter", t("Open")],
    ],
  },
  {
    title: t("In a task's log"),
    keys: [
      ["j k", t("Next and previous step")],
      ["e E", t("Next and previous error")],
      ["n N", t("Next and previous find")],
      ["f", t("Follow")],
      ["w", t("Wrap long lines")],
      ["x", t("Fold all")],
      ["l", t("Copy the link to a line")],
    ],
  },
  {
    title: t("In editors"),
    keys: [
      [`${commandKey} S`, t("Save")],
      ["Alt ↑ ↓", t("Move a step")],
    ],
  },
];

// Keyboard is the sheet of keys, and the switch of single letters.
export default function Keyboard({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const letters = useLetters();
  return (
    <Modal opened={opened} onClose={onClose} returnFocus={false} title={t("Keys")} size={680}>
      <div className={classes.keys}>
        {groups().map((g) => (
          <section key={g.title}>
            <h2>{g.title}</h2>
            <dl>
              {g.keys.map(([key, does]) => (
                <Entry key={key} keys={key} does={does} />
              ))}
            </dl>
          </section>
        ))}
      </div>
      <div className={classes.letters}>
        <Switch
          label={t("Single letters do something")}
          description={t("Off, only keys with {key} work. This browser remembers it.", { key: commandKey })}
          checked={letters}
          onChange={(e) => setLetters(e.currentTarget.checked)}
        />
      </div>
    </Modal>
  );
}

function Entry({ keys, does }: { keys: string; does: string }) {
  return (
    <>
      <dt>
        {keys.split(" ").map((k, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the keys of one entry do not change
          <span key={i}>
            {i > 0 && " "}
            <kbd>{k}</kbd>
          </span>
        ))}
      </dt>
      <dd>{does}</dd>
    </>
  );
}
