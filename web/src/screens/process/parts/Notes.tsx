import { Textarea, TextInput } from "@mantine/core";
import { t } from "~/text/t";
import { useEditor, useFocus } from "../editor";
import { isRolling } from "../steps";

// Notes are for those who read the process, and the slug for those who refer to
// the step from elsewhere.
export function Notes() {
  const { step, action, changeStep, changeAction } = useFocus();
  const { mayEdit } = useEditor();
  return (
    <>
      <Textarea
        label={t("Notes")}
        description={t("Markdown. They stand beside the step in the list and in the task's log.")}
        minRows={3}
        disabled={!mayEdit}
        value={action.Notes}
        onChange={(e) => {
          const Notes = e.currentTarget.value;
          changeAction((a) => ({ ...a, Notes }));
        }}
      />
      <TextInput
        label={t("Slug")}
        description={t("What the step is called in addresses and in OCL. Left empty, it is made from the name.")}
        spellCheck={false}
        disabled={!mayEdit}
        value={action.Slug}
        onChange={(e) => {
          const Slug = e.currentTarget.value;
          const both = !isRolling(step) && step.Slug === action.Slug;
          changeAction((a) => ({ ...a, Slug }));
          if (both) changeStep((s) => ({ ...s, Slug }));
        }}
      />
    </>
  );
}
