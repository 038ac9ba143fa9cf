import { Modal } from "@mantine/core";
import { t } from "~/text/t";
import { CodeEditor } from "~/ui/code/CodeEditor";

type Props = { opened: boolean; onClose: () => void; value: object };

// JsonView shows a process as the API has it, with what is not saved yet.
export function JsonView({ opened, onClose, value }: Props) {
  return (
    <Modal opened={opened} onClose={onClose} size={980} title={t("The process as JSON")}>
      <CodeEditor
        label={t("What the API takes and gives, with your changes")}
        language="Json"
        readOnly
        rows={24}
        value={JSON.stringify(value, null, 2)}
        onChange={() => {}}
      />
    </Modal>
  );
}
