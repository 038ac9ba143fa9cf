import { Drawer } from "@mantine/core";
import { t } from "~/text/t";
import { Rail } from "./Rail";

// MenuDrawer is the menu where there is no room for the rail.
export default function MenuDrawer({ onClose }: { onClose: () => void }) {
  return (
    <Drawer opened onClose={onClose} size={260} title={t("Menu")} padding={8}>
      <Rail />
    </Drawer>
  );
}
