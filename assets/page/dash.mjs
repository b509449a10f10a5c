/* Dash's components, as the page's own modules make and change them. */

/* Change some properties of the component of this id. */
export const set = (id, props) => dash_clientside.set_props(id, props);

export const html = (type, props) => ({ namespace: "dash_html_components", type, props });

export const mantine = (type, props) => ({ namespace: "dash_mantine_components", type, props });
