<?php
// One post or page.
get_header();
while ( have_posts() ) :
	the_post();
	?>
	<article <?php post_class( 'entry' ); ?>>
		<?php if ( has_post_thumbnail() ) : ?>
			<figure class="featured"><?php the_post_thumbnail( 'large' ); ?></figure>
		<?php endif; ?>
		<div class="inner">
			<header>
				<?php plain_terms( 'category', 'categories' ); ?>
				<h1><?php the_title(); ?></h1>
				<?php plain_meta(); ?>
			</header>
			<div class="content"><?php the_content(); ?></div>
			<?php plain_terms( 'post_tag', 'tags' ); ?>
		</div>
	</article>
	<?php
endwhile;
get_footer();
