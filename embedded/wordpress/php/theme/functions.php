<?php
// The theme's few settings, and the parts that both of its pages show.

add_action(
	'after_setup_theme',
	static function () {
		add_theme_support( 'title-tag' );
		add_theme_support( 'post-thumbnails' );
		add_theme_support( 'automatic-feed-links' );
		add_theme_support( 'responsive-embeds' );
		add_theme_support( 'html5', array( 'gallery', 'caption', 'style', 'script' ) );
	}
);
add_action(
	'wp_enqueue_scripts',
	static function () {
		wp_enqueue_style( 'plain', get_stylesheet_uri(), array(), (string) filemtime( get_stylesheet_directory() . '/style.css' ) );
	}
);

/** The date and the author of the post at hand. */
function plain_meta() {
	printf(
		'<p class="meta"><time datetime="%s">%s</time> · %s</p>',
		esc_attr( get_the_date( DATE_W3C ) ),
		esc_html( get_the_date() ),
		esc_html( get_the_author() )
	);
}

/** The terms of the post at hand as a list of links, or nothing. */
function plain_terms( $taxonomy, $class ) {
	$terms = get_the_terms( get_the_ID(), $taxonomy );
	if ( ! is_array( $terms ) ) {
		return;
	}
	echo '<ul class="terms ' . esc_attr( $class ) . '">';
	foreach ( $terms as $term ) {
		printf( '<li><a href="%s" rel="tag">%s</a></li>', esc_url( get_term_link( $term ) ), esc_html( $term->name ) );
	}
	echo '</ul>';
}
