/** Stands for pictures and styles, of which tests see nothing. */
export default "";
