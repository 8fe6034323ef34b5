<?php
// Every list: the front page, archives, searches; and what is not there.
get_header();
if ( is_404() ) {
	echo '<h1 class="page-title">Nothing is at this address</h1>';
} elseif ( is_archive() ) {
	the_archive_title( '<h1 class="page-title">', '</h1>' );
} elseif ( ! have_posts() ) {
	echo '<h1 class="page-title">Nothing has been published yet</h1>';
}
?>
<div class="cards">
<?php
while ( have_posts() ) :
	the_post();
	?>
	<article <?php post_class( has_post_thumbnail() ? 'card pictured' : 'card' ); ?>>
		<?php if ( has_post_thumbnail() ) : ?>
			<a class="picture" href="<?php the_permalink(); ?>" tabindex="-1" aria-hidden="true"><?php the_post_thumbnail( 'medium_large' ); ?></a>
		<?php endif; ?>
		<div class="inner">
			<?php plain_meta(); ?>
			<h2><a href="<?php the_permalink(); ?>"><?php the_title(); ?></a></h2>
			<?php the_excerpt(); ?>
		</div>
	</article>
	<?php
endwhile;
?>
</div>
<?php
the_posts_pagination();
get_footer();
