// How the component kit looks: our tokens, compact controls, no motion beyond
// what helps. It names the components and does not import them, so that a page
// loads those that it uses.
import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from "@mantine/core";
import { t } from "~/text/t";

const accent: MantineColorsTuple = [
  "#e3edfc",
  "#cfe0fa",
  "#a9c8fb",
  "#86b7ff",
  "#6ea8fe",
  "#4d8df0",
  "#347be4",
  "#2569da",
  "#1d5fd1",
  "#164ca8",
];

const bad: MantineColorsTuple = [
  "#fde4e4",
  "#fbcdcd",
  "#ffb0b0",
  "#ff8f8f",
  "#f46a6a",
  "#e34d51",
  "#cf353c",
  "#c22a32",
  "#b3202a",
  "#8f1620",
];

const dark: MantineColorsTuple = [
  "#e6ebf1",
  "#c9d1da",
  "#a3b0bf",
  "#8f9dac",
  "#2c3743",
  "#243040",
  "#1d2630",
  "#161d25",
  "#0f141a",
  "#0b1016",
];

const small = { defaultProps: { size: "xs" as const } };
const closable = { closeButtonProps: { "aria-label": t("Close") } };
const quick = { transitionProps: { duration: 100 } };

export const theme = createTheme({
  primaryColor: "accent",
  primaryShade: 8,
  colors: { accent, bad, dark },
  fontFamily: "var(--font)",
  fontFamilyMonospace: "var(--mono)",
  fontSizes: { xs: "13px", sm: "14px", md: "14px", lg: "16px", xl: "20px" },
  defaultRadius: 6,
  respectReducedMotion: true,
  cursorType: "pointer",
  focusRing: "auto",
  components: {
    ActionIcon: { defaultProps: { variant: "default", size: 32 } },
    Button: { defaultProps: { size: "xs", h: 32, px: 14 } },
    Checkbox: small,
    Input: small,
    InputWrapper: {
      vars: () => ({
        label: {},
        success: {},
        error: { "--input-error-size": "12.5px" },
        description: { "--input-description-size": "12.5px" },
      }),
    },
    SegmentedControl: {
      vars: () => ({ root: { "--sc-padding": "4px 12px", "--sc-font-size": "13px" } }),
    },
    Select: { defaultProps: { size: "xs", comboboxProps: quick } },
    Switch: { defaultProps: { size: "sm" } },
    Tabs: { defaultProps: { keepMounted: false } },
    TextInput: small,
    Textarea: { defaultProps: { size: "xs", autosize: true, minRows: 2 } },
    // The kit's place for the first focus is no child that a menu may have.
    Menu: {
      defaultProps: { shadow: "md", position: "bottom-end", withInitialFocusPlaceholder: false, ...quick },
    },
    Modal: {
      styles: { title: { fontSize: 16, fontWeight: 700 } },
      defaultProps: { ...closable, size: 560, yOffset: "8vh", ...quick },
    },
    Drawer: { defaultProps: { ...closable, transitionProps: { duration: 120 } } },
    Tooltip: { defaultProps: { openDelay: 300, events: { hover: true, focus: true, touch: true } } },
  },
});

// The kit's variables, from our tokens, so that there is one source of colours.
export const variables: CSSVariablesResolver = () => {
  const both = {
    "--mantine-color-body": "var(--surface)",
    "--mantine-color-text": "var(--text)",
    "--mantine-color-dimmed": "var(--text-2)",
    "--mantine-color-placeholder": "var(--text-2)",
    "--mantine-color-anchor": "var(--accent)",
    "--mantine-color-error": "var(--bad)",
    "--mantine-color-default": "var(--surface)",
    "--mantine-color-default-hover": "var(--surface-2)",
    "--mantine-color-default-color": "var(--text)",
    "--mantine-color-default-border": "var(--line)",
    "--mantine-color-accent-text": "var(--accent)",
    "--mantine-color-accent-light": "var(--accent-bg)",
    "--mantine-color-accent-light-hover": "var(--accent-bg)",
    "--mantine-color-accent-light-color": "var(--accent)",
    "--mantine-color-accent-outline": "var(--accent)",
    "--mantine-color-bad-text": "var(--bad)",
    "--mantine-color-bad-light": "var(--bad-bg)",
    "--mantine-color-bad-light-hover": "var(--bad-bg)",
    "--mantine-color-bad-light-color": "var(--bad)",
    "--mantine-color-bad-outline": "var(--bad)",
    "--mantine-color-bad-6": "var(--bad)", // what a menu writes in
  };
  return { variables: {}, light: both, dark: both };
};
