// Generated from packages/ftrace/data/kernel-events.txt by tools/ftrace-tables.mjs.
export const kernelEventTable = `\
asoc_snd_soc_bias_level_done asoc/snd_soc_bias_level_done name:str component:str val:s32
asoc_snd_soc_bias_level_start asoc/snd_soc_bias_level_start name:str component:str val:s32
asoc_snd_soc_dapm_connected asoc/snd_soc_dapm_connected paths:s32 stream:s32
asoc_snd_soc_dapm_done asoc/snd_soc_dapm_done name:str event:s32
asoc_snd_soc_dapm_path asoc/snd_soc_dapm_path wname:str pname:str pnname:str path_node:s32 path_connect:s32 path_dir:s32
asoc_snd_soc_dapm_start asoc/snd_soc_dapm_start name:str event:s32
asoc_snd_soc_dapm_walk_done asoc/snd_soc_dapm_walk_done name:str power_checks:s32 path_checks:s32 neighbour_checks:s32
asoc_snd_soc_dapm_widget_event_done asoc/snd_soc_dapm_widget_event_done name:str val:s32
asoc_snd_soc_dapm_widget_event_start asoc/snd_soc_dapm_widget_event_start name:str val:s32
asoc_snd_soc_dapm_widget_power asoc/snd_soc_dapm_widget_power name:str val:s32
asoc_snd_soc_jack_irq asoc/snd_soc_jack_irq name:str
asoc_snd_soc_jack_notify asoc/snd_soc_jack_notify name:str val:s32
asoc_snd_soc_jack_report asoc/snd_soc_jack_report name:str mask:s32 val:s32
block_bio_backmerge block/block_bio_backmerge dev:u32 sector:u64 nr_sector:u32 rwbs:u32=rwbs!rwbs tid:s32=!commonPid comm:text16
block_bio_bounce block/block_bio_bounce dev:u32 sector:u64 nr_sector:u32 rwbs:u32=rwbs!rwbs tid:s32=!commonPid comm:text16
block_bio_complete block/block_bio_complete dev:u32 sector:u64 nr_sector:u32 error:s32 rwbs:u32=rwbs!rwbs
block_bio_frontmerge block/block_bio_frontmerge dev:u32 sector:u64 nr_sector:u32 rwbs:u32=rwbs!rwbs tid:s32=!commonPid comm:text16
block_bio_queue block/block_bio_queue dev:u32 sector:u64 nr_sector:u32 rwbs:u32=rwbs!rwbs tid:s32=!commonPid comm:text16
block_bio_remap block/block_bio_remap dev:u32 sector:u64 nr_sector:u32 rwbs:u32=rwbs!rwbs old_dev:u32 old_sector:u64
block_dirty_buffer block/block_dirty_buffer dev:u32 sector:u64 size:u64
block_getrq block/block_getrq dev:u32 sector:u64 nr_sector:u32 rwbs:u32=rwbs!rwbs tid:s32=!commonPid comm:text16
block_plug block/block_plug tid:s32=!commonPid comm:text16
block_rq_complete block/block_rq_complete dev:u32 sector:u64 nr_sector:u32 error:s32 rwbs:u32=rwbs!rwbs
block_rq_insert block/block_rq_insert dev:u32 sector:u64 nr_sector:u32 bytes:u32 tid:s32=!commonPid rwbs:u32=rwbs!rwbs comm:text16
block_rq_issue block/block_rq_issue dev:u32 sector:u64 nr_sector:u32 bytes:u32 tid:s32=!commonPid rwbs:u32=rwbs!rwbs comm:text16
block_rq_merge block/block_rq_merge dev:u32 sector:u64 nr_sector:u32 bytes:u32 tid:s32=!commonPid rwbs:u32=rwbs!rwbs comm:text16
block_rq_remap block/block_rq_remap dev:u32 sector:u64 nr_sector:u32 old_dev:u32 old_sector:u64 rwbs:u32=rwbs!rwbs
block_rq_requeue block/block_rq_requeue dev:u32 sector:u64 nr_sector:u32 rwbs:u32=rwbs!rwbs
block_sleeprq block/block_sleeprq dev:u32 sector:u64 nr_sector:u32 rwbs:u32=rwbs!rwbs tid:s32=!commonPid comm:text16
block_split block/block_split dev:u32 sector:u64 rwbs:u32=rwbs!rwbs new_sector:u64 tid:s32=!commonPid comm:text16
block_touch_buffer block/block_touch_buffer dev:u32 sector:u64 size:u64
block_unplug block/block_unplug nr_rq:s32 tid:s32=!commonPid comm:text16
btrfs_add_block_group btrfs/btrfs_add_block_group fsid:u8*16 offset:u64 size:u64 flags:u64 bytes_used:u64 bytes_super:u64 create:s32
btrfs_add_delayed_data_ref btrfs/add_delayed_data_ref fsid:u8*16 bytenr:u64 num_bytes:u64 action:s32 parent:u64 ref_root:u64 owner:u64 offset:u64 type:s32 seq:u64
btrfs_add_delayed_ref_head btrfs/add_delayed_ref_head bytenr:u64 num_bytes:u64 action:s32 is_data:s32
btrfs_add_delayed_tree_ref btrfs/add_delayed_tree_ref fsid:u8*16 bytenr:u64 num_bytes:u64 action:s32 parent:u64 ref_root:u64 level:s32 type:s32 seq:u64
btrfs_chunk_alloc btrfs/btrfs_chunk_alloc num_stripes:s32 type:u64 sub_stripes:s32 offset:u64 size:u64 root_objectid:u64
btrfs_chunk_free btrfs/btrfs_chunk_free num_stripes:s32 type:u64 sub_stripes:s32 offset:u64 size:u64 root_objectid:u64
btrfs_cow_block btrfs/btrfs_cow_block root_objectid:u64 buf_start:u64 refs:s32 cow_start:u64 buf_level:s32 cow_level:s32
btrfs_failed_cluster_setup btrfs/btrfs_failed_cluster_setup bg_objectid:u64
btrfs_find_cluster btrfs/btrfs_find_cluster bg_objectid:u64 flags:u64 start:u64 bytes:u64 empty_size:u64 min_bytes:u64
btrfs_find_free_extent btrfs/btrfs_find_free_extent fsid:u8*16 root_objectid:u64 num_bytes:u64 empty_size:u64 flags:u64
btrfs_get_extent btrfs/btrfs_get_extent root_objectid:u64 ino:u64 start:u64 len:u64 flags:u32 refs:s32
btrfs_handle_em_exist btrfs/btrfs_handle_em_exist fsid:u8*16 e_start:u64 e_len:u64 map_start:u64 map_len:u64 start:u64 len:u64
btrfs_inode_evict btrfs/btrfs_inode_evict ino:u64 blocks:u64 disk_i_size:u64 generation:u64 last_trans:u64 logged_trans:u64 root_objectid:u64
btrfs_inode_new btrfs/btrfs_inode_new ino:u64 blocks:u64 disk_i_size:u64 generation:u64 last_trans:u64 logged_trans:u64 root_objectid:u64
btrfs_inode_request btrfs/btrfs_inode_request ino:u64 blocks:u64 disk_i_size:u64 generation:u64 last_trans:u64 logged_trans:u64 root_objectid:u64
btrfs_ordered_extent_add btrfs/btrfs_ordered_extent_add fsid:u8*16 ino:u64 file_offset:u64 start:u64 len:u64 disk_len:u64 bytes_left:u64 flags:u64 compress_type:s32 refs:s32 root_objectid:u64
btrfs_ordered_extent_dec_test_pending btrfs/btrfs_ordered_extent_dec_test_pending fsid:u8*16 ino:u64 file_offset:u64 start:u64 len:u64 disk_len:u64 bytes_left:u64 flags:u64 compress_type:s32 refs:s32 root_objectid:u64
btrfs_ordered_extent_lookup btrfs/btrfs_ordered_extent_lookup fsid:u8*16 ino:u64 file_offset:u64 start:u64 len:u64 disk_len:u64 bytes_left:u64 flags:u64 compress_type:s32 refs:s32 root_objectid:u64
btrfs_ordered_extent_lookup_first btrfs/btrfs_ordered_extent_lookup_first fsid:u8*16 ino:u64 file_offset:u64 start:u64 len:u64 disk_len:u64 bytes_left:u64 flags:u64 compress_type:s32 refs:s32 root_objectid:u64
btrfs_ordered_extent_lookup_first_range btrfs/btrfs_ordered_extent_lookup_first_range fsid:u8*16 ino:u64 file_offset:u64 start:u64 len:u64 disk_len:u64 bytes_left:u64 flags:u64 compress_type:s32 refs:s32 root_objectid:u64
btrfs_ordered_extent_lookup_for_logging btrfs/btrfs_ordered_extent_lookup_for_logging fsid:u8*16 ino:u64 file_offset:u64 start:u64 len:u64 disk_len:u64 bytes_left:u64 flags:u64 compress_type:s32 refs:s32 root_objectid:u64
btrfs_ordered_extent_lookup_range btrfs/btrfs_ordered_extent_lookup_range fsid:u8*16 ino:u64 file_offset:u64 start:u64 len:u64 disk_len:u64 bytes_left:u64 flags:u64 compress_type:s32 refs:s32 root_objectid:u64
btrfs_ordered_extent_mark_finished btrfs/btrfs_ordered_extent_mark_finished fsid:u8*16 ino:u64 file_offset:u64 start:u64 len:u64 disk_len:u64 bytes_left:u64 flags:u64 compress_type:s32 refs:s32 root_objectid:u64
btrfs_ordered_extent_put btrfs/btrfs_ordered_extent_put fsid:u8*16 ino:u64 file_offset:u64 start:u64 len:u64 disk_len:u64 bytes_left:u64 flags:u64 compress_type:s32 refs:s32 root_objectid:u64
btrfs_ordered_extent_remove btrfs/btrfs_ordered_extent_remove fsid:u8*16 ino:u64 file_offset:u64 start:u64 len:u64 disk_len:u64 bytes_left:u64 flags:u64 compress_type:s32 refs:s32 root_objectid:u64
btrfs_ordered_extent_split btrfs/btrfs_ordered_extent_split fsid:u8*16 ino:u64 file_offset:u64 start:u64 len:u64 disk_len:u64 bytes_left:u64 flags:u64 compress_type:s32 refs:s32 root_objectid:u64
btrfs_ordered_extent_start btrfs/btrfs_ordered_extent_start fsid:u8*16 ino:u64 file_offset:u64 start:u64 len:u64 disk_len:u64 bytes_left:u64 flags:u64 compress_type:s32 refs:s32 root_objectid:u64
btrfs_reserve_extent btrfs/btrfs_reserve_extent fsid:u8*16 bg_objectid:u64 flags:u64 start:u64 len:u64
btrfs_reserve_extent_cluster btrfs/btrfs_reserve_extent_cluster fsid:u8*16 bg_objectid:u64 flags:u64 start:u64 len:u64
btrfs_reserved_extent_alloc btrfs/btrfs_reserved_extent_alloc start:u64 len:u64
btrfs_reserved_extent_free btrfs/btrfs_reserved_extent_free start:u64 len:u64
btrfs_run_delayed_data_ref btrfs/run_delayed_data_ref fsid:u8*16 bytenr:u64 num_bytes:u64 action:s32 parent:u64 ref_root:u64 owner:u64 offset:u64 type:s32 seq:u64
btrfs_run_delayed_ref_head btrfs/run_delayed_ref_head bytenr:u64 num_bytes:u64 action:s32 is_data:s32
btrfs_run_delayed_tree_ref btrfs/run_delayed_tree_ref fsid:u8*16 bytenr:u64 num_bytes:u64 action:s32 parent:u64 ref_root:u64 level:s32 type:s32 seq:u64
btrfs_setup_cluster btrfs/btrfs_setup_cluster bg_objectid:u64 flags:u64 start:u64 max_size:u64 size:u64 bitmap:s32
btrfs_space_reservation btrfs/btrfs_space_reservation fsid:u8*16 type:str val:u64 bytes:u64 reserve:s32
btrfs_sync_file btrfs/btrfs_sync_file ino:u64 parent:u64 datasync:s32 root_objectid:u64
btrfs_sync_fs btrfs/btrfs_sync_fs wait:s32
btrfs_transaction_commit btrfs/btrfs_transaction_commit generation:u64 root_objectid:u64
btrfs_writepage_end_io_hook btrfs/btrfs_writepage_end_io_hook ino:u64 start:u64 end:u64 uptodate:s32 root_objectid:u64
compaction_isolate_freepages compaction/mm_compaction_isolate_freepages start_pfn:u64 end_pfn:u64 nr_scanned:u64 nr_taken:u64
compaction_isolate_migratepages compaction/mm_compaction_isolate_migratepages start_pfn:u64 end_pfn:u64 nr_scanned:u64 nr_taken:u64
compaction_migratepages compaction/mm_compaction_migratepages nr_migrated:u64 nr_failed:u64
dma_fence_destroy dma_fence/dma_fence_destroy driver:str timeline:str context:u32 seqno:u32
dma_fence_emit dma_fence/dma_fence_emit driver:str timeline:str context:u32 seqno:u32
dma_fence_enable_signal dma_fence/dma_fence_enable_signal driver:str timeline:str context:u32 seqno:u32
dma_fence_init dma_fence/dma_fence_init driver:str timeline:str context:u32 seqno:u32
dma_fence_signaled dma_fence/dma_fence_signaled driver:str timeline:str context:u32 seqno:u32
dma_fence_wait_end dma_fence/dma_fence_wait_end driver:str timeline:str context:u32 seqno:u32
dma_fence_wait_start dma_fence/dma_fence_wait_start driver:str timeline:str context:u32 seqno:u32
ext4_alloc_da_blocks ext4/ext4_alloc_da_blocks ino:u64 dev:u32 data_blocks:u32
ext4_allocate_blocks ext4/ext4_allocate_blocks ino:u64 block:u64 goal:u64 pleft:u64 pright:u64 dev:u32 len:u32 logical:u32 lleft:u32 lright:u32 flags:u32
ext4_allocate_inode ext4/ext4_allocate_inode ino:u64 dir:u64 dev:u32 mode:u16
ext4_begin_ordered_truncate ext4/ext4_begin_ordered_truncate ino:u64 new_size:s64 dev:u32
ext4_da_release_space ext4/ext4_da_release_space ino:u64 i_blocks:u64 dev:u32 freed_blocks:s32 reserved_data_blocks:s32 mode:u16
ext4_da_reserve_space ext4/ext4_da_reserve_space ino:u64 i_blocks:u64 dev:u32 reserve_blocks:s32 reserved_data_blocks:s32 mode:u16
ext4_da_update_reserve_space ext4/ext4_da_update_reserve_space ino:u64 i_blocks:u64 dev:u32 used_blocks:s32 reserved_data_blocks:s32 quota_claim:s32 mode:u16
ext4_da_write_begin ext4/ext4_da_write_begin ino:u64 pos:s64 dev:u32 len:u32
ext4_da_write_end ext4/ext4_da_write_end ino:u64 pos:s64 dev:u32 len:u32 copied:u32
ext4_da_write_folios_end ext4/ext4_da_write_folios_end ino:u64 start_pos:s64 next_pos:s64 nr_to_write:s64 dev:u32 ret:s32
ext4_da_write_folios_start ext4/ext4_da_write_folios_start ino:u64 start_pos:s64 next_pos:s64 nr_to_write:s64 dev:u32 sync_mode:s32
ext4_da_write_pages_extent ext4/ext4_da_write_pages_extent ino:u64 lblk:u64 dev:u32 len:u32 flags:u32
ext4_discard_blocks ext4/ext4_discard_blocks dev:u32 blk:u64 count:u64
ext4_discard_preallocations ext4/ext4_discard_preallocations ino:u64 dev:u32 len:u32
ext4_drop_inode ext4/ext4_drop_inode ino:u64 dev:u32 drop:s32
ext4_es_cache_extent ext4/ext4_es_cache_extent ino:u64 pblk:u64 dev:u32 lblk:u32 len:u32 status:s8
ext4_es_insert_extent ext4/ext4_es_insert_extent ino:u64 pblk:u64 dev:u32 lblk:u32 len:u32 status:s8
ext4_evict_inode ext4/ext4_evict_inode ino:u64 dev:u32 nlink:s32
ext4_ext_convert_to_initialized_enter ext4/ext4_ext_convert_to_initialized_enter ino:u64 u_pblk:u64 dev:u32 m_lblk:u32 m_len:u32 u_lblk:u32 u_len:u32
ext4_ext_convert_to_initialized_fastpath ext4/ext4_ext_convert_to_initialized_fastpath ino:u64 u_pblk:u64 i_pblk:u64 dev:u32 m_lblk:u32 m_len:u32 u_lblk:u32 u_len:u32 i_lblk:u32 i_len:u32
ext4_ext_handle_unwritten_extents ext4/ext4_ext_handle_unwritten_extents ino:u64 pblk:u64 newblk:u64 dev:u32 flags:s32 lblk:u32 len:u32 allocated:u32
ext4_ext_load_extent ext4/ext4_ext_load_extent ino:u64 pblk:u64 dev:u32 lblk:u32
ext4_ext_map_blocks_enter ext4/ext4_ext_map_blocks_enter ino:u64 dev:u32 lblk:u32 len:u32 flags:u32
ext4_ext_map_blocks_exit ext4/ext4_ext_map_blocks_exit ino:u64 pblk:u64 dev:u32 flags:u32 lblk:u32 len:u32 mflags:u32 ret:s32
ext4_ext_remove_space ext4/ext4_ext_remove_space ino:u64 dev:u32 start:u32 end:u32 depth:s32
ext4_ext_remove_space_done ext4/ext4_ext_remove_space_done ino:u64 pc_pclu:u64 dev:u32 start:u32 end:u32 depth:s32 pc_lblk:u32 pc_state:s32 eh_entries:u16
ext4_ext_rm_idx ext4/ext4_ext_rm_idx ino:u64 pblk:u64 dev:u32
ext4_ext_rm_leaf ext4/ext4_ext_rm_leaf ino:u64 ee_pblk:u64 pc_pclu:u64 dev:u32 start:u32 ee_lblk:u32 ee_len:s16 pc_lblk:u32 pc_state:s32
ext4_ext_show_extent ext4/ext4_ext_show_extent ino:u64 pblk:u64 dev:u32 lblk:u32 len:u16
ext4_fallocate_enter ext4/ext4_fallocate_enter ino:u64 pos:s64=offset len:s64 dev:u32 mode:s32
ext4_fallocate_exit ext4/ext4_fallocate_exit ino:u64 pos:s64 dev:u32 blocks:u32 ret:s32
ext4_fc_replay ext4/ext4_fc_replay dev:u32 tag:s32 ino:s32 priv1:s32 priv2:s32
ext4_fc_replay_scan ext4/ext4_fc_replay_scan dev:u32 error:s32 off:s32
ext4_forget ext4/ext4_forget ino:u64 block:u64 dev:u32 is_metadata:s32 mode:u16
ext4_free_blocks ext4/ext4_free_blocks ino:u64 block:u64 count:u64 dev:u32 flags:s32 mode:u16
ext4_free_inode ext4/ext4_free_inode ino:u64 blocks:u64 dev:u32 uid:u32 gid:u32 mode:u16
ext4_get_implied_cluster_alloc_exit ext4/ext4_get_implied_cluster_alloc_exit dev:u32 flags:u32 lblk:u32 pblk:u64 len:u32 ret:s32
ext4_ind_map_blocks_enter ext4/ext4_ind_map_blocks_enter ino:u64 dev:u32 lblk:u32 len:u32 flags:u32
ext4_ind_map_blocks_exit ext4/ext4_ind_map_blocks_exit ino:u64 pblk:u64 dev:u32 flags:u32 lblk:u32 len:u32 mflags:u32 ret:s32
ext4_invalidate_folio ext4/ext4_invalidate_folio ino:u64 index:u64 offset:u64 length:u64 dev:u32
ext4_journal_start_reserved ext4/ext4_journal_start_reserved dev:u32 ip:x64 blocks:s32
ext4_journalled_invalidate_folio ext4/ext4_journalled_invalidate_folio ino:u64 index:u64 offset:u64 length:u64 dev:u32
ext4_journalled_write_end ext4/ext4_journalled_write_end ino:u64 pos:s64 dev:u32 len:u32 copied:u32
ext4_load_inode ext4/ext4_load_inode ino:u64 dev:u32
ext4_load_inode_bitmap ext4/ext4_load_inode_bitmap dev:u32 group:u32
ext4_mark_inode_dirty ext4/ext4_mark_inode_dirty ino:u64 ip:x64 dev:u32
ext4_mb_bitmap_load ext4/ext4_mb_bitmap_load dev:u32 group:u32
ext4_mb_buddy_bitmap_load ext4/ext4_mb_buddy_bitmap_load dev:u32 group:u32
ext4_mb_discard_preallocations ext4/ext4_mb_discard_preallocations dev:u32 needed:s32
ext4_mb_new_group_pa ext4/ext4_mb_new_group_pa ino:u64 pa_pstart:u64 pa_lstart:u64 dev:u32 pa_len:u32
ext4_mb_new_inode_pa ext4/ext4_mb_new_inode_pa ino:u64 pa_pstart:u64 pa_lstart:u64 dev:u32 pa_len:u32
ext4_mb_release_group_pa ext4/ext4_mb_release_group_pa dev:u32 pa_pstart:u64 pa_len:u32
ext4_mb_release_inode_pa ext4/ext4_mb_release_inode_pa ino:u64 block:u64 dev:u32 count:u32
ext4_mballoc_alloc ext4/ext4_mballoc_alloc ino:u64 dev:u32 orig_logical:u32 orig_start:s32 orig_group:u32 orig_len:s32 goal_logical:u32 goal_start:s32 goal_group:u32 goal_len:s32 result_logical:u32 result_start:s32 result_group:u32 result_len:s32 found:u16 groups:u16 buddy:u16 flags:u16 tail:u16 cr:u8
ext4_mballoc_discard ext4/ext4_mballoc_discard ino:u64 dev:u32 result_start:s32 result_group:u32 result_len:s32
ext4_mballoc_free ext4/ext4_mballoc_free ino:u64 dev:u32 result_start:s32 result_group:u32 result_len:s32
ext4_mballoc_prealloc ext4/ext4_mballoc_prealloc ino:u64 dev:u32 orig_logical:u32 orig_start:s32 orig_group:u32 orig_len:s32 result_logical:u32 result_start:s32 result_group:u32 result_len:s32
ext4_punch_hole ext4/ext4_punch_hole ino:u64 pos:s64=offset len:s64 dev:u32 mode:s32
ext4_read_block_bitmap_load ext4/ext4_read_block_bitmap_load dev:u32 group:u32 prefetch:u8
ext4_read_folio ext4/ext4_read_folio ino:u64 index:u64 dev:u32
ext4_release_folio ext4/ext4_release_folio ino:u64 index:u64 dev:u32
ext4_remove_blocks ext4/ext4_remove_blocks ino:u64 ee_pblk:u64 pc_pclu:u64 dev:u32 from:u32 to:u32 ee_lblk:u32 ee_len:u16 pc_lblk:u32 pc_state:s32
ext4_request_blocks ext4/ext4_request_blocks ino:u64 goal:u64 pleft:u64 pright:u64 dev:u32 len:u32 logical:u32 lleft:u32 lright:u32 flags:u32
ext4_request_inode ext4/ext4_request_inode dir:u64 dev:u32 mode:u16
ext4_sync_file_enter ext4/ext4_sync_file_enter ino:u64 parent:u64 dev:u32 datasync:s32
ext4_sync_file_exit ext4/ext4_sync_file_exit ino:u64 dev:u32 ret:s32
ext4_sync_fs ext4/ext4_sync_fs dev:u32 wait:s32
ext4_truncate_enter ext4/ext4_truncate_enter ino:u64 blocks:u64 dev:u32
ext4_truncate_exit ext4/ext4_truncate_exit ino:u64 blocks:u64 dev:u32
ext4_unlink_enter ext4/ext4_unlink_enter ino:u64 parent:u64 size:s64 dev:u32
ext4_unlink_exit ext4/ext4_unlink_exit ino:u64 dev:u32 ret:s32
ext4_write_begin ext4/ext4_write_begin ino:u64 pos:s64 dev:u32 len:u32
ext4_writepages ext4/ext4_writepages ino:u64 range_start:s64 range_end:s64 nr_to_write:s64 pages_skipped:s64 writeback_index:u64 dev:u32 sync_mode:s32 for_kupdate:s8 range_cyclic:s8
ext4_writepages_result ext4/ext4_writepages_result ino:u64 pages_skipped:s64 writeback_index:u64 dev:u32 ret:s32 pages_written:s32 sync_mode:s32
ext4_zero_range ext4/ext4_zero_range ino:u64 pos:s64=offset len:s64 dev:u32 mode:s32
irq_handler_entry irq/irq_handler_entry irq:s32 name:str
irq_handler_exit irq/irq_handler_exit irq:s32 ret:s32
irq_softirq_entry irq/softirq_entry vec:u32
irq_softirq_exit irq/softirq_exit vec:u32
irq_softirq_raise irq/softirq_raise vec:u32
jbd2_checkpoint jbd2/jbd2_checkpoint dev:u32 result:s32
jbd2_checkpoint_stats jbd2/jbd2_checkpoint_stats dev:u32 tid:u32 chp_time:u64 forced_to_close:u32 written:u32 dropped:u32
jbd2_commit_flushing jbd2/jbd2_commit_flushing dev:u32 sync_commit:s8 transaction:u32
jbd2_commit_locking jbd2/jbd2_commit_locking dev:u32 sync_commit:s8 transaction:u32
jbd2_commit_logging jbd2/jbd2_commit_logging dev:u32 sync_commit:s8 transaction:u32
jbd2_drop_transaction jbd2/jbd2_drop_transaction dev:u32 sync_commit:s8 transaction:u32
jbd2_end_commit jbd2/jbd2_end_commit dev:u32 sync_commit:s8 transaction:u32 head:u32
jbd2_run_stats jbd2/jbd2_run_stats dev:u32 tid:u32 wait:u64 running:u64 locked:u64 flushing:u64 logging:u64 handle_count:u32 blocks:u32 blocks_logged:u32
jbd2_start_commit jbd2/jbd2_start_commit dev:u32 sync_commit:s8 transaction:u32
jbd2_submit_inode_data jbd2/jbd2_submit_inode_data dev:u32 ino:u64
jbd2_update_log_tail jbd2/jbd2_update_log_tail dev:u32 tail_sequence:u32 first_tid:u32 block_nr:u64 freed:u64
jbd2_write_superblock jbd2/jbd2_write_superblock dev:u32 write_flags:x32
kmem_cache_alloc kmem/kmem_cache_alloc call_site:x64 ptr:x64 bytes_req:u64 bytes_alloc:u64 gfp_flags:u32 node:s32 accounted:u8
kmem_cache_free kmem/kmem_cache_free call_site:x64 ptr:x64
kmem_kfree kmem/kfree call_site:x64 ptr:x64
kmem_kmalloc kmem/kmalloc call_site:x64 ptr:x64 bytes_req:u64 bytes_alloc:u64 gfp_flags:u32 node:s32
kmem_kmalloc_node kmem/kmalloc_node call_site:x64 ptr:x64 bytes_req:u64 bytes_alloc:u64 gfp_flags:u32 node:s32 accounted:u8
kmem_mm_page_alloc kmem/mm_page_alloc pfn:u64 order:u32 gfp_flags:u32 migratetype:s32
kmem_mm_page_alloc_extfrag kmem/mm_page_alloc_extfrag pfn:u64 alloc_order:s32 fallback_order:s32 alloc_migratetype:s32 fallback_migratetype:s32 change_ownership:s32
kmem_mm_page_alloc_zone_locked kmem/mm_page_alloc_zone_locked pfn:u64 order:u32 migratetype:s32 percpu_refill:s32
kmem_mm_page_free kmem/mm_page_free pfn:u64 order:u32
kmem_mm_page_free_batched kmem/mm_page_free_batched pfn:u64
kmem_mm_page_pcpu_drain kmem/mm_page_pcpu_drain pfn:u64 order:u32 migratetype:s32
kvm_ack_irq kvm/kvm_ack_irq irqchip:u32 pin:u32
kvm_async_pf_completed kvm/kvm_async_pf_completed address:x64 gva:u64
kvm_async_pf_not_present kvm/kvm_async_pf_not_present token:u64 gva:u64
kvm_async_pf_ready kvm/kvm_async_pf_ready token:u64 gva:u64
kvm_fpu kvm/kvm_fpu load:u32
kvm_ioapic_set_irq kvm/kvm_ioapic_set_irq e:u64 pin:s32 coalesced:u8
kvm_mmio kvm/kvm_mmio type:u32 len:u32 gpa:u64
kvm_msi_set_irq kvm/kvm_msi_set_irq address:x64 data:u64
kvm_set_irq kvm/kvm_set_irq gsi:u32 level:s32 irq_source_id:s32
kvm_try_async_get_page kvm/kvm_try_async_get_page gva:u64 gfn:u64
kvm_userspace_exit kvm/kvm_userspace_exit reason:u32 errno:s32
mm_vmscan_direct_reclaim_begin vmscan/mm_vmscan_direct_reclaim_begin gfp_flags:u32 order:s32
mm_vmscan_direct_reclaim_end vmscan/mm_vmscan_direct_reclaim_end nr_reclaimed:u64
mm_vmscan_kswapd_sleep vmscan/mm_vmscan_kswapd_sleep nid:s32
mm_vmscan_kswapd_wake vmscan/mm_vmscan_kswapd_wake nid:s32 zid:s32 order:s32
mm_vmscan_lru_isolate vmscan/mm_vmscan_lru_isolate classzone_idx:s32=highest_zoneidx order:s32 nr_requested:u64 nr_scanned:u64 nr_skipped:u64 nr_taken:u64 lru:s32
mm_vmscan_lru_shrink_inactive vmscan/mm_vmscan_lru_shrink_inactive nid:s32 nr_scanned:u64 nr_reclaimed:u64 nr_dirty:u64 nr_writeback:u64 nr_congested:u64 nr_immediate:u64 nr_activate_anon:u64=nr_activate0 nr_activate_file:u64=nr_activate1 nr_ref_keep:u64 nr_unmap_fail:u64 priority:s32 reclaim_flags:s32
mm_vmscan_memcg_reclaim_begin vmscan/mm_vmscan_memcg_reclaim_begin gfp_flags:u32 order:s32
mm_vmscan_memcg_reclaim_end vmscan/mm_vmscan_memcg_reclaim_end nr_reclaimed:u64
mm_vmscan_memcg_softlimit_reclaim_begin vmscan/mm_vmscan_memcg_softlimit_reclaim_begin gfp_flags:u32 order:s32
mm_vmscan_memcg_softlimit_reclaim_end vmscan/mm_vmscan_memcg_softlimit_reclaim_end nr_reclaimed:u64
mm_vmscan_shrink_slab_end vmscan/mm_shrink_slab_end shr:x64 nid:s32 shrink:x64 unused_scan:s64 new_scan:s64 retval:s32 total_scan:s64
mm_vmscan_shrink_slab_start vmscan/mm_shrink_slab_start shr:x64 shrink:x64 nid:s32 nr_objects_to_shrink:s64 gfp_flags:u32 cache_items:u64 delta:u64 total_scan:u64 priority:s32
mm_vmscan_wakeup_kswapd vmscan/mm_vmscan_wakeup_kswapd nid:s32 zid:s32 order:s32 gfp_flags:u32
mm_vmscan_write_folio vmscan/mm_vmscan_write_folio pfn:x64 reclaim_flags:s32
napi_poll napi/napi_poll napi:x64 dev_name:str work:s32 budget:s32
net_dev_queue net/net_dev_queue skbaddr:x64 len:u32 name:str
net_dev_xmit net/net_dev_xmit skbaddr:x64 rc:s32 len:u32 name:str
net_if_receive_skb net/netif_receive_skb skbaddr:x64 len:u32 name:str
net_if_receive_skb_entry net/netif_receive_skb_entry skbaddr:x64
net_if_receive_skb_exit net/netif_receive_skb_exit ret:s32
net_if_receive_skb_list_entry net/netif_receive_skb_list_entry skbaddr:x64
net_if_receive_skb_list_exit net/netif_receive_skb_list_exit ret:s32
net_if_rx net/netif_rx skbaddr:x64 len:u32 name:str
net_if_rx_entry net/netif_rx_entry skbaddr:x64
net_if_rx_exit net/netif_rx_exit ret:s32
net_if_rx_ni_entry net/netif_rx_ni_entry skbaddr:x64
net_if_rx_ni_exit net/netif_rx_ni_exit ret:s32
net_napi_gro_frags_entry net/napi_gro_frags_entry skbaddr:x64
net_napi_gro_frags_exit net/napi_gro_frags_exit ret:s32
net_napi_gro_receive_entry net/napi_gro_receive_entry skbaddr:x64
net_napi_gro_receive_exit net/napi_gro_receive_exit ret:s32
power_clock_disable power/clock_disable name:str state:u64 cpu_id:u64
power_clock_enable power/clock_enable name:str state:u64 cpu_id:u64
power_clock_set_rate power/clock_set_rate name:str state:u64 cpu_id:u64
power_cpu_frequency power/cpu_frequency state:u32 cpu_id:u32
power_cpu_idle power/cpu_idle state:u32 cpu_id:u32
power_domain_target power/power_domain_target name:str state:u64 cpu_id:u64
power_wakeup_source_activate power/wakeup_source_activate name:str state:u64
power_wakeup_source_deactivate power/wakeup_source_deactivate name:str state:u64
preemptirq_irq_disable preemptirq/irq_disable caller:x64 parent:x64
preemptirq_irq_enable preemptirq/irq_enable caller:x64 parent:x64
preemptirq_preempt_disable preemptirq/preempt_disable caller:x64 parent:x64
preemptirq_preempt_enable preemptirq/preempt_enable caller:x64 parent:x64
printk_console printk/console msg:str
random_add_device_randomness random/add_device_randomness bytes:s32 IP:x64
random_add_disk_randomness random/add_disk_randomness dev:u32 input_bits:s32
random_add_input_randomness random/add_input_randomness input_bits:s32
random_credit_entropy_bits random/credit_entropy_bits bits:s32 entropy_count:s32 IP:x64
random_debit_entropy random/debit_entropy debit_bits:s32
random_extract_entropy random/extract_entropy nbytes:s32 entropy_count:s32 IP:x64
random_extract_entropy_user random/extract_entropy_user nbytes:s32 entropy_count:s32 IP:x64
random_get_random_bytes random/get_random_bytes nbytes:s32 IP:x64
random_get_random_bytes_arch random/get_random_bytes_arch nbytes:s32 IP:x64
random_mix_pool_bytes random/mix_pool_bytes bytes:s32 IP:x64
random_mix_pool_bytes_nolock random/mix_pool_bytes_nolock bytes:s32 IP:x64
random_prandom_u32 random/prandom_u32 ret:u32
random_push_to_pool random/push_to_pool pool_name:str pool_bits:s32 input_bits:s32
random_random_read random/random_read got_bits:s32 need_bits:s32 pool_left:s32 input_left:s32
random_urandom_read random/urandom_read got_bits:s32 pool_left:s32 input_left:s32
random_xfer_secondary_pool random/xfer_secondary_pool pool_name:str xfer_bits:s32 request_bits:s32 pool_entropy:s32 input_entropy:s32
rcu_utilization rcu/rcu_utilization s:str
rpm_idle rpm/rpm_idle name:str flags:s32 usage_count:s32 disable_depth:s32 runtime_auto:s32 request_pending:s32 irq_safe:s32 child_count:s32
rpm_resume rpm/rpm_resume name:str flags:s32 usage_count:s32 disable_depth:s32 runtime_auto:s32 request_pending:s32 irq_safe:s32 child_count:s32
rpm_return_int rpm/rpm_return_int name:str ip:x64 ret:s32
rpm_suspend rpm/rpm_suspend name:str flags:s32 usage_count:s32 disable_depth:s32 runtime_auto:s32 request_pending:s32 irq_safe:s32 child_count:s32
sched_kthread_stop sched/sched_kthread_stop comm:text16 tid:s32=pid
sched_kthread_stop_ret sched/sched_kthread_stop_ret ret:s32
sched_migrate_task sched/sched_migrate_task comm:text16 tid:s32=pid prio:s32=prio-100 orig_cpu:s32 dest_cpu:s32
sched_pi_setprio sched/sched_pi_setprio comm:text16 tid:s32=pid oldprio:s32=oldprio-100 newprio:s32=newprio-100
sched_process_exec sched/sched_process_exec filename:str tid:s32=pid old_tid:s32=old_pid
sched_process_exit sched/sched_process_exit comm:text16 tid:s32=pid prio:s32=prio-100 group_dead:u8
sched_process_fork sched/sched_process_fork parent_comm:text16 parent_tid:s32=parent_pid parent_pid:s32=!forkParentPid parent_ns_inum:u32=!forkParentNamespace child_comm:text16 child_tid:s32=child_pid vtids:s32[]8=!forkVtids child_pid:s32=!forkChildPid child_ns_inum:u32=!forkChildNamespace
sched_process_free sched/sched_process_free comm:text16 tid:s32=pid prio:s32=prio-100
sched_process_wait sched/sched_process_wait comm:text16 tid:s32=pid prio:s32=prio-100
sched_stat_blocked sched/sched_stat_blocked comm:text16 tid:s32=pid delay:u64
sched_stat_iowait sched/sched_stat_iowait comm:text16 tid:s32=pid delay:u64
sched_stat_runtime sched/sched_stat_runtime comm:text16 tid:s32=pid runtime:u64
sched_stat_sleep sched/sched_stat_sleep comm:text16 tid:s32=pid delay:u64
sched_stat_wait sched/sched_stat_wait comm:text16 tid:s32=pid delay:u64
sched_switch sched/sched_switch prev_comm:text16 prev_tid:s32=prev_pid prev_prio:s32=prev_prio-100 prev_state:s64 next_comm:text16 next_tid:s32=next_pid next_prio:s32=next_prio-100
sched_wait_task sched/sched_wait_task comm:text16 tid:s32=pid prio:s32=prio-100
sched_wakeup sched/sched_wakeup comm:text16 tid:s32=pid prio:s32=prio-100 target_cpu:s32
sched_wakeup_new sched/sched_wakeup_new comm:text16 tid:s32=pid prio:s32=prio-100 target_cpu:s32
sched_waking sched/sched_waking comm:text16 tid:s32=pid prio:s32=prio-100 target_cpu:s32
signal_deliver signal/signal_deliver sig:s32 errno:s32 code:s32 sa_handler:u64 sa_flags:u64
signal_generate signal/signal_generate sig:s32 errno:s32 code:s32 comm:text16 pid:s32 group:s32 result:s32
skb_consume skb/consume_skb skbaddr:x64 location:x64
skb_copy_datagram_iovec skb/skb_copy_datagram_iovec skbaddr:x64 len:s32
skb_kfree skb/kfree_skb skbaddr:x64 location:x64 protocol:u16 rx_skaddr:x64=rx_sk
sock_exceed_buf_limit sock/sock_exceed_buf_limit name:str sysctl_mem:s64*3 allocated:s64 sysctl_rmem:s32 rmem_alloc:s32 sysctl_wmem:s32 wmem_alloc:s32 wmem_queued:s32 kind:s32
sock_rcvqueue_full sock/sock_rcvqueue_full rmem_alloc:s32 truesize:u32 sk_rcvbuf:s32
timer_cancel timer/timer_cancel timer:x64
timer_expire_entry timer/timer_expire_entry timer:x64 now:u64 function:x64 baseclk:u64
timer_expire_exit timer/timer_expire_exit timer:x64
timer_hrtimer_cancel timer/hrtimer_cancel hrtimer:x64
timer_hrtimer_expire_entry timer/hrtimer_expire_entry hrtimer:x64 now:s64 function:x64
timer_hrtimer_expire_exit timer/hrtimer_expire_exit hrtimer:x64
timer_hrtimer_init timer/hrtimer_init hrtimer:x64 clockid:s32 mode:u32
timer_hrtimer_start timer/hrtimer_start hrtimer:x64 function:x64 expires:s64 softexpires:s64 mode:u32 was_armed:u8
timer_init timer/timer_init timer:x64
timer_itimer_expire timer/itimer_expire which:s32 pid:s32 now:u64
timer_itimer_state timer/itimer_state which:s32 expires:u64 value_sec:s64 value_nsec:s64 interval_sec:s64 interval_nsec:s64
timer_start timer/timer_start timer:x64 function:x64 expires:u64 now:u64 flags:u32 bucket_expiry:u64
udp_fail_queue_rcv_skb udp/udp_fail_queue_rcv_skb rc:s32 sport:u16 dport:u16
workqueue_activate_work workqueue/workqueue_activate_work work:x64
workqueue_execute_end workqueue/workqueue_execute_end work:x64 function:x64
workqueue_execute_start workqueue/workqueue_execute_start work:x64 function:x64
workqueue_queue_work workqueue/workqueue_queue_work work:x64 function:x64 req_cpu:s32
writeback_balance_dirty_pages writeback/balance_dirty_pages bdi:str limit:u64 setpoint:u64 dirty:u64 dirty_ratelimit:u64 task_ratelimit:u64 dirtied:u32 dirtied_pause:u32 paused:u64 pause:s64 period:u64 think:s64 cgroup_ino:u64 wb_setpoint:u64 wb_dirty:u64
writeback_bdi_dirty_ratelimit writeback/bdi_dirty_ratelimit bdi:str write_bw:u64 avg_write_bw:u64 dirty_rate:u64 dirty_ratelimit:u64 task_ratelimit:u64 balanced_dirty_ratelimit:u64
writeback_bdi_register writeback/writeback_bdi_register name:str
writeback_dirty_folio writeback/writeback_dirty_folio name:str ino:u64 index:u64
writeback_dirty_inode writeback/writeback_dirty_inode name:str ino:u64 state:u64 flags:u64
writeback_dirty_inode_start writeback/writeback_dirty_inode_start name:str ino:u64 state:u64 flags:u64
writeback_exec writeback/writeback_exec name:str
writeback_folio_wait writeback/folio_wait_writeback name:str ino:u64 index:u64
writeback_global_dirty_state writeback/global_dirty_state nr_dirty:u64 nr_writeback:u64 nr_dirtied:u64 nr_written:u64 background_thresh:u64 dirty_thresh:u64 dirty_limit:u64
writeback_mark_inode_dirty writeback/writeback_mark_inode_dirty name:str ino:u64 state:u64 flags:u64
writeback_pages_written writeback/writeback_pages_written pages:s64
writeback_queue writeback/writeback_queue name:str
writeback_queue_io writeback/writeback_queue_io name:str older:u64 moved:s32
writeback_sb_inodes_requeue writeback/writeback_sb_inodes_requeue name:str ino:u64 state:u64 dirtied_when:u64 cgroup_ino:u64
writeback_single_inode writeback/writeback_single_inode name:str ino:u64 state:u64 dirtied_when:u64 writeback_index:u64 nr_to_write:s64 wrote:u64 cgroup_ino:u64
writeback_single_inode_start writeback/writeback_single_inode_start name:str ino:u64 cgroup_ino:u64 state:u64 dirtied_when:u64 writeback_index:u64 wrote:u64 nr_to_write:s64
writeback_start writeback/writeback_start name:str
writeback_wait writeback/writeback_wait name:str
writeback_wake_background writeback/writeback_wake_background name:str
writeback_wbc_writepage writeback/wbc_writepage name:str nr_to_write:s64 pages_skipped:s64 sync_mode:s32 for_kupdate:s32 for_background:s32 for_reclaim:s32 range_cyclic:s32 range_start:s64 range_end:s64
writeback_write_inode writeback/writeback_write_inode name:str ino:u64 sync_mode:s32
writeback_write_inode_start writeback/writeback_write_inode_start name:str ino:u64 sync_mode:s32
writeback_written writeback/writeback_written name:str
x86_exceptions_page_fault_kernel exceptions/page_fault_kernel address:x64 ip:x64 error_code:x8
x86_exceptions_page_fault_user exceptions/page_fault_user address:x64 ip:x64 error_code:x8
x86_irq_vectors_call_function_entry irq_vectors/call_function_entry vector:s32
x86_irq_vectors_call_function_exit irq_vectors/call_function_exit vector:s32
x86_irq_vectors_call_function_single_entry irq_vectors/call_function_single_entry vector:s32
x86_irq_vectors_call_function_single_exit irq_vectors/call_function_single_exit vector:s32
x86_irq_vectors_deferred_error_apic_entry irq_vectors/deferred_error_apic_entry vector:s32
x86_irq_vectors_deferred_error_apic_exit irq_vectors/deferred_error_apic_exit vector:s32
x86_irq_vectors_error_apic_entry irq_vectors/error_apic_entry vector:s32
x86_irq_vectors_error_apic_exit irq_vectors/error_apic_exit vector:s32
x86_irq_vectors_ipi_entry irq_vectors/x86_platform_ipi_entry vector:s32
x86_irq_vectors_ipi_exit irq_vectors/x86_platform_ipi_exit vector:s32
x86_irq_vectors_irq_work_entry irq_vectors/irq_work_entry vector:s32
x86_irq_vectors_irq_work_exit irq_vectors/irq_work_exit vector:s32
x86_irq_vectors_local_timer_entry irq_vectors/local_timer_entry vector:s32
x86_irq_vectors_local_timer_exit irq_vectors/local_timer_exit vector:s32
x86_irq_vectors_reschedule_entry irq_vectors/reschedule_entry vector:s32
x86_irq_vectors_reschedule_exit irq_vectors/reschedule_exit vector:s32
x86_irq_vectors_spurious_apic_entry irq_vectors/spurious_apic_entry vector:s32
x86_irq_vectors_spurious_apic_exit irq_vectors/spurious_apic_exit vector:s32
x86_irq_vectors_thermal_apic_entry irq_vectors/thermal_apic_entry vector:s32
x86_irq_vectors_thermal_apic_exit irq_vectors/thermal_apic_exit vector:s32
x86_irq_vectors_threshold_apic_entry irq_vectors/threshold_apic_entry vector:s32
x86_irq_vectors_threshold_apic_exit irq_vectors/threshold_apic_exit vector:s32
`;
