import { createContext, useContext } from "react";

// ChooserContext opens the gallery of steps, for the end of the process or for
// a child of a step.
export const ChooserContext = createContext<(parent?: string) => void>(() => {});

export const useChooser = () => useContext(ChooserContext);
